// Encodes a generation as an answer of Anthropic's Messages API.
import type { Generation } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
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

const STOP_WORDS: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  "stop-sequence": "stop_sequence",
  "max-tokens": "max_tokens",
  "context-length": "model_context_window_exceeded",
  budget: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
  refusal: "refusal",
  paused: "pause_turn",
  other: "end_turn",
};

/** Why the answer ended: in the provider's own word where it speaks the dialect. */
function stopWord({ finishReason, providerFinishReason, providerApi }: Generation): string {
  const own = providerApi === ORIGIN.api ? providerFinishReason : "";
  return own || STOP_WORDS[finishReason ?? "stop"];
}

/** How an answer ended, with the fields that a provider of the dialect has for the whole message. */
export function encodeEnd(generation: Generation): JsonObject {
  const metadata = ownMetadata(generation, ORIGIN.api);
  const { usage: _, delta: __, service_tier: ___, ...top } = metadata;
  return { stop_sequence: null, ...top, stop_reason: stopWord(generation) };
}

/** The counts of an answer, with those that a provider of the dialect adds. */
export function encodeWholeUsage(generation: Generation): JsonObject {
  const metadata = ownMetadata(generation, ORIGIN.api);
  const tier = metadata["service_tier"];
  const own = { ...groupOf(metadata, "usage"), ...(tier !== undefined && { service_tier: tier }) };
  return withOwnCounts(encodeUsage(generation.usage), own);
}

function messageId(generationId: string): string {
  return `msg_${generationId}`;
}

/** Encodes usage. Anthropic counts input from and into a cache separately. */
export function encodeUsage(usage: TokenUsage | undefined): JsonObject {
  const read = usage?.cacheReadTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  const long = usage?.cacheWriteLongTokens;
  const thinking = usage?.reasoningTokens;
  return {
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: usage?.outputTokens ?? 0,
    ...(long !== undefined && {
      cache_creation: {
        ephemeral_5m_input_tokens: written - long,
        ephemeral_1h_input_tokens: long,
      },
    }),
    ...(thinking !== undefined && { output_tokens_details: { thinking_tokens: thinking } }),
  };
}

/** The arguments of a call as an object; empty if they are none. */
function inputOf(argumentsJson: string): JsonObject {
  try {
    const value: unknown = JSON.parse(argumentsJson || "{}");
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Sources of a text, as a field of its block. */
function citationsOf(part: Part): JsonObject {
  const annotations = part.type === "text" ? part.annotations : undefined;
  const citations = ownAnnotations(annotations, ORIGIN.api);
  return citations.length === 0 ? {} : { citations };
}

/** A part as a content block; undefined: the dialect has none for it. */
export function encodeBlock(part: Part): JsonObject | undefined {
  if (part.type === "provider") {
    return part.api === ORIGIN.api ? (JSON.parse(part.json) as JsonObject) : undefined;
  }
  const block = ownBlock(part);
  return block && { ...ownFields(part.providerData, ORIGIN.api), ...block };
}

function ownBlock(part: Part): JsonObject | undefined {
  switch (part.type) {
    case "text":
    case "refusal":
      return { type: "text", text: part.text, ...citationsOf(part) };
    case "reasoning": {
      const signature = Buffer.from(part.signature).toString("utf8");
      if (part.redacted) return { type: "redacted_thinking", data: signature };
      return { type: "thinking", thinking: part.text, signature };
    }
    case "tool-call": {
      const { id, name, argumentsJson } = part;
      return { type: "tool_use", id, name, input: inputOf(argumentsJson) };
    }
    default:
      return undefined;
  }
}

/** The message of an answer, without content and end. */
export function messageHead(generationId: string, model: string): JsonObject {
  return { id: messageId(generationId), type: "message", role: "assistant", model };
}

/** The whole answer of a unary request. */
export function encodeAnswer(generation: Generation): JsonObject {
  const { message, generationId, requestedModel } = generation;
  return {
    ...encodeEnd(generation),
    ...messageHead(generationId, requestedModel),
    content: (message?.parts ?? []).flatMap((part) => encodeBlock(part) ?? []),
    usage: encodeWholeUsage(generation),
  };
}
