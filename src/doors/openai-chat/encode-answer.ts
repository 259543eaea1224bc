// Encodes a generation as a Chat Completions answer.
import type { Generation } from "../../domain/generation.ts";
import type { Message, Part } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { TokenLogprob, TopLogprob } from "../../domain/provider-data.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenUsage } from "../../domain/token-usage.ts";
import {
  groupOf,
  ownAnnotations,
  ownFields,
  ownMetadata,
  withOwnCounts,
} from "../shared/own-fields.ts";
import { ORIGIN } from "./decode-messages.ts";

const FINISH_WORDS: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  "stop-sequence": "stop",
  "max-tokens": "length",
  "context-length": "length",
  budget: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  refusal: "stop",
  paused: "stop",
  other: "stop",
};

/** Words of the vendor, who can say one where another provider would say another. */
const OWN_WORDS: ReadonlySet<string> = new Set([...Object.values(FINISH_WORDS), "function_call"]);

/** Why the answer ended: in the provider's own word if that is one of the dialect. */
export function finishWord(generation: Generation): string {
  const { finishReason, providerFinishReason, providerApi } = generation;
  const isOwn = providerApi === ORIGIN.api && OWN_WORDS.has(providerFinishReason);
  return isOwn ? providerFinishReason : FINISH_WORDS[finishReason ?? "stop"];
}

/** Identifier of the answer, equal in all its chunks. */
export function completionId(generationId: string): string {
  return `chatcmpl-${generationId}`;
}

/** Counts, with those that a provider of the dialect adds. */
export function encodeUsage(usage: TokenUsage, metadata: JsonObject): JsonObject {
  return withOwnCounts(countsOf(usage), groupOf(metadata, "usage"));
}

function countsOf(usage: TokenUsage): JsonObject {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: cacheReadTokens ?? 0,
      ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
    },
    completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
  };
}

function encodeTop({ token, logprob, rawBytes }: TopLogprob): JsonObject {
  return { token, logprob, bytes: [...(rawBytes ?? Buffer.from(token))] };
}

export function encodeLogprobs(logprobs: readonly TokenLogprob[]): JsonObject {
  return {
    content: logprobs.map((each) => ({
      ...encodeTop(each),
      top_logprobs: each.top.map(encodeTop),
    })),
  };
}

type ToolCall = Extract<Part, { type: "tool-call" }>;

/** Fields that a provider of the dialect has added to a call, apart from the word that says what the call is. */
export function callFields({ providerData }: ToolCall): JsonObject {
  const { type: _, ...own } = ownFields(providerData, ORIGIN.api);
  return own;
}

function encodeToolCall(part: ToolCall): JsonObject {
  const { id, name, argumentsJson, providerData } = part;
  const own = callFields(part);
  if (ownFields(providerData, ORIGIN.api)["type"] === "custom") {
    return { ...own, id, type: "custom", custom: { name, input: argumentsJson } };
  }
  return { ...own, id, type: "function", function: { name, arguments: argumentsJson } };
}

/** The sound of an answer; undefined: there is none. */
export function audioOf(part: Part): JsonObject | undefined {
  if (part.type !== "provider") return undefined;
  const { audio } = ownFields(part, ORIGIN.api);
  return isJsonObject(audio) ? audio : undefined;
}

/** Fields of the message that the contract has no word for. */
export function messageFields(message: Message | undefined, metadata: JsonObject): JsonObject {
  const { audio: _, ...own } = ownFields(message?.providerData, ORIGIN.api);
  return { ...groupOf(metadata, "message"), ...own };
}

/** Fields of the answer, and of its choice. */
export function answerFields(metadata: JsonObject): {
  readonly top: JsonObject;
  readonly choice: JsonObject;
  readonly refusalLogprobs: JsonValue | undefined;
} {
  const { choice: _, message: __, function: ___, usage: ____, ...top } = metadata;
  const { refusal_logprobs: refusalLogprobs, ...choice } = groupOf(metadata, "choice");
  return { top, choice, refusalLogprobs };
}

function partsOf<Type extends Part["type"]>(message: Message | undefined, type: Type) {
  return (message?.parts ?? []).filter(
    (part): part is Extract<Part, { readonly type: Type }> => part.type === type,
  );
}

function textOf(parts: readonly { readonly text: string }[]): string {
  return parts.map(({ text }) => text).join("");
}

function encodeMessage(message: Message | undefined, metadata: JsonObject): JsonObject {
  const texts = partsOf(message, "text");
  const refusals = partsOf(message, "refusal");
  const calls = partsOf(message, "tool-call");
  const thoughts = textOf(partsOf(message, "reasoning"));
  const audio = message?.parts.map(audioOf).find((each) => each !== undefined);
  const said = texts.length === 0 ? null : textOf(texts);
  return {
    ...messageFields(message, metadata),
    role: "assistant",
    // The words of the sound stand beside the sound.
    content: audio !== undefined && audio["transcript"] === said ? null : said,
    refusal: refusals.length === 0 ? null : textOf(refusals),
    ...(calls.length > 0 && { tool_calls: calls.map(encodeToolCall) }),
    ...(thoughts !== "" && { reasoning_content: thoughts }),
    ...(audio !== undefined && { audio }),
    annotations: texts.flatMap(({ annotations }) => ownAnnotations(annotations, ORIGIN.api)),
  };
}

function logprobsOf(
  message: Message | undefined,
  refusal: JsonValue | undefined,
): JsonObject | null {
  const logprobs = partsOf(message, "text").flatMap((part) => part.logprobs ?? []);
  if (logprobs.length === 0 && refusal === undefined) return null;
  const content = logprobs.length === 0 ? { content: null } : encodeLogprobs(logprobs);
  return { ...content, ...(refusal !== undefined && { refusal }) };
}

/** The whole answer of a unary request. */
export function encodeAnswer(generation: Generation): JsonObject {
  const { message, usage } = generation;
  const metadata = ownMetadata(generation, ORIGIN.api);
  const { top, choice, refusalLogprobs } = answerFields(metadata);
  return {
    ...top,
    id: completionId(generation.generationId),
    object: "chat.completion",
    created: Math.floor(generation.createTimeMs / 1_000),
    model: generation.requestedModel,
    choices: [
      {
        ...choice,
        index: 0,
        message: encodeMessage(message, metadata),
        logprobs: logprobsOf(message, refusalLogprobs),
        finish_reason: finishWord(generation),
      },
    ],
    ...(usage !== undefined && { usage: encodeUsage(usage, metadata) }),
  };
}
