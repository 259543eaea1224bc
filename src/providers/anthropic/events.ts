import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenCounts } from "../../domain/token-usage.ts";
import { type AnswerReader, parseEvent } from "../shared/answer.ts";
import { reportedCounts, tokenCount, usageDetails } from "../shared/chat-usage.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { createBlocks } from "./blocks.ts";

export interface MessagesEventsOptions {
  /** Provider instance that signs reasoning parts. */
  readonly instanceId: string;
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  max_tokens: "max-tokens",
  stop_sequence: "stop-sequence",
  tool_use: "tool-calls",
  pause_turn: "paused",
  refusal: "refusal",
  model_context_window_exceeded: "context-length",
};

const METADATA_FIELDS = ["stop_sequence", "stop_details", "container", "context_management"];

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Usage of one answer: cumulative reports, of which the last that says a number holds. */
function createUsage() {
  let seen: JsonObject = {};
  return {
    report(usage: JsonObject): void {
      const said = Object.entries(usage).filter(([, value]) => value !== null);
      seen = { ...seen, ...Object.fromEntries(said) };
    },
    /** The vendor counts cache reads and writes beside the input. */
    counts(): TokenCounts {
      const fresh = tokenCount(seen["input_tokens"]);
      const read = tokenCount(seen["cache_read_input_tokens"]);
      const write = tokenCount(seen["cache_creation_input_tokens"]);
      const split = usageDetails(seen["cache_creation"]);
      const output = usageDetails(seen["output_tokens_details"]);
      return reportedCounts({
        inputTokens: fresh === undefined ? undefined : fresh + (read ?? 0) + (write ?? 0),
        outputTokens: tokenCount(seen["output_tokens"]),
        cacheReadTokens: read,
        cacheWriteTokens: write,
        cacheWriteLongTokens: tokenCount(split["ephemeral_1h_input_tokens"]),
        reasoningTokens: tokenCount(output["thinking_tokens"]),
      });
    },
  };
}

/** Reads answers of the Messages API, whole ones and streams. */
export function createMessagesReader(options: MessagesEventsOptions): AnswerReader {
  const blocks = createBlocks(options.instanceId);
  const { events } = blocks;
  const usage = createUsage();
  let messageId: string | undefined;
  let rawReason = "";
  let metadata: JsonObject = {};

  function readHead(message: JsonObject): void {
    const id = text(message["id"]);
    if (messageId !== undefined && id !== messageId) {
      throw protocolError("the provider began a second message in one answer");
    }
    if (messageId !== undefined) return;
    messageId = id;
    const model = text(message["model"]);
    events.push({
      type: "response",
      ...(id === "" ? undefined : { id }),
      ...(model === "" ? undefined : { model }),
    });
  }

  function readStop(source: JsonObject): void {
    rawReason = text(source["stop_reason"]) || rawReason;
    for (const field of METADATA_FIELDS) {
      const value = source[field];
      if (value !== undefined && value !== null) metadata = { ...metadata, [field]: value };
    }
  }

  function finish(): void {
    // Without its reason an answer is no success, whatever came before.
    if (rawReason === "") throw truncatedError();
    blocks.endAll();
    const counts = usage.counts();
    if (Object.keys(counts).length > 0) events.push({ type: "usage", counts });
    events.push({
      type: "finish",
      reason: FINISH_REASONS[rawReason] ?? "other",
      rawReason,
      ...(Object.keys(metadata).length === 0 ? undefined : { metadata }),
    });
  }

  /** The prompt's counts come first, with a placeholder for the output that is no count yet. */
  function readStartUsage(message: JsonObject): void {
    const { output_tokens: _, ...prompt } = object(message["usage"]);
    usage.report(prompt);
    const counts = usage.counts();
    if (Object.keys(counts).length > 0) events.push({ type: "usage", counts });
  }

  /** True at the end marker. Pings and unknown events are passed over. */
  function read(event: JsonObject, type: string): boolean {
    const index = tokenCount(event["index"]) ?? 0;
    switch (type) {
      case "message_start": {
        const message = object(event["message"]);
        const first = messageId === undefined;
        readHead(message);
        if (!first) return false;
        readStartUsage(message);
        const content = message["content"];
        if (Array.isArray(content)) {
          for (const [position, block] of content.entries()) blocks.start(position, object(block));
        }
        return false;
      }
      case "content_block_start":
        blocks.start(index, object(event["content_block"]));
        return false;
      case "content_block_delta":
        blocks.delta(index, object(event["delta"]));
        return false;
      case "content_block_stop":
        blocks.end(index);
        return false;
      case "message_delta":
        readStop(object(event["delta"]));
        usage.report(object(event["usage"]));
        return false;
      case "message_stop":
        finish();
        return true;
      case "error":
        throw options.toError(event);
      default:
        return false;
    }
  }

  return {
    events,
    readEvent({ name, data }) {
      const event = parseEvent(data);
      return read(event, text(event["type"]) || (name ?? ""));
    },
    readEnd() {
      throw truncatedError();
    },
    readBody(body) {
      if (body["type"] === "error" || "error" in body) throw options.toError(body);
      const content = body["content"];
      if (!Array.isArray(content)) throw protocolError("the provider's answer has no content");
      readHead(body);
      for (const [position, block] of content.entries()) {
        blocks.start(position, object(block));
        blocks.end(position);
      }
      readStop(body);
      usage.report(object(body["usage"]));
      finish();
    },
  };
}
