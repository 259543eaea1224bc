// Encodes a generation as a Chat Completions answer.
import type { Generation } from "../../domain/generation.ts";
import type { Message, Part } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { TokenLogprob, TopLogprob } from "../../domain/provider-data.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenUsage } from "../../domain/token-usage.ts";

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

export function finishWord(reason: FinishReason | undefined): string {
  return FINISH_WORDS[reason ?? "stop"];
}

/** Identifier of the answer, equal in all its chunks. */
export function completionId(generationId: string): string {
  return `chatcmpl-${generationId}`;
}

export function encodeUsage(usage: TokenUsage): JsonObject {
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

function encodeToolCall(part: Extract<Part, { type: "tool-call" }>): JsonObject {
  const { id, name, argumentsJson } = part;
  return { id, type: "function", function: { name, arguments: argumentsJson } };
}

function partsOf<Type extends Part["type"]>(message: Message | undefined, type: Type) {
  return (message?.parts ?? []).filter(
    (part): part is Extract<Part, { readonly type: Type }> => part.type === type,
  );
}

function textOf(parts: readonly { readonly text: string }[]): string {
  return parts.map(({ text }) => text).join("");
}

function encodeMessage(message: Message | undefined): JsonObject {
  const texts = partsOf(message, "text");
  const refusals = partsOf(message, "refusal");
  const calls = partsOf(message, "tool-call");
  const thoughts = textOf(partsOf(message, "reasoning"));
  return {
    role: "assistant",
    content: texts.length === 0 ? null : textOf(texts),
    refusal: refusals.length === 0 ? null : textOf(refusals),
    ...(calls.length > 0 && { tool_calls: calls.map(encodeToolCall) }),
    ...(thoughts !== "" && { reasoning_content: thoughts }),
    annotations: [],
  };
}

/** The whole answer of a unary request. */
export function encodeAnswer(generation: Generation): JsonObject {
  const { message, usage } = generation;
  const logprobs = partsOf(message, "text").flatMap((part) => part.logprobs ?? []);
  return {
    id: completionId(generation.generationId),
    object: "chat.completion",
    created: Math.floor(generation.createTimeMs / 1_000),
    model: generation.requestedModel,
    choices: [
      {
        index: 0,
        message: encodeMessage(message),
        logprobs: logprobs.length === 0 ? null : encodeLogprobs(logprobs),
        finish_reason: finishWord(generation.finishReason),
      },
    ],
    ...(usage !== undefined && { usage: encodeUsage(usage) }),
  };
}
