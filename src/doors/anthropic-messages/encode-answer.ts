// Encodes a generation as an answer of Anthropic's Messages API.
import type { Generation } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenUsage } from "../../domain/token-usage.ts";
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

export function stopWord(reason: FinishReason | undefined): string {
  return STOP_WORDS[reason ?? "stop"];
}

function messageId(generationId: string): string {
  return `msg_${generationId}`;
}

/** Encodes usage. Anthropic counts input from and into a cache separately. */
export function encodeUsage(usage: TokenUsage | undefined): JsonObject {
  const read = usage?.cacheReadTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  return {
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: usage?.outputTokens ?? 0,
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

/** A part as a content block; undefined: the dialect has none for it. */
export function encodeBlock(part: Part): JsonObject | undefined {
  switch (part.type) {
    case "text":
    case "refusal":
      return { type: "text", text: part.text };
    case "reasoning": {
      const signature = Buffer.from(part.signature).toString("utf8");
      if (part.redacted) return { type: "redacted_thinking", data: signature };
      return { type: "thinking", thinking: part.text, signature };
    }
    case "tool-call": {
      const { id, name, argumentsJson } = part;
      return { type: "tool_use", id, name, input: inputOf(argumentsJson) };
    }
    case "provider":
      return part.providerType === ORIGIN.providerType && part.api === ORIGIN.api
        ? (JSON.parse(part.json) as JsonObject)
        : undefined;
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
  const { message, usage, finishReason, generationId, requestedModel } = generation;
  return {
    ...messageHead(generationId, requestedModel),
    content: (message?.parts ?? []).flatMap((part) => encodeBlock(part) ?? []),
    stop_reason: stopWord(finishReason),
    stop_sequence: null,
    usage: encodeUsage(usage),
  };
}
