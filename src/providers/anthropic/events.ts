import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import { type AnswerReader, parseEvent } from "../shared/answer.ts";
import { CALLS_MISSING } from "../shared/answer-warnings.ts";
import { isReported, usageEvent } from "../shared/chat-usage.ts";
import { finishReasonOf, interruptionOf } from "../shared/finish-reasons.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { ANY, type PlacePattern, rawValues } from "../shared/raw-values.ts";
import { createBlocks } from "./blocks.ts";
import { createUsage } from "./usage.ts";

export interface MessagesEventsOptions {
  /** Provider instance that signs reasoning parts. */
  readonly instanceId: string;
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
  /** An identifier for a call that came without one. */
  readonly newCallId: () => string;
}

/** Where the input of a call stands. */
const INPUTS: readonly PlacePattern[] = [
  ["content", ANY, "input"],
  ["content_block", "input"],
  ["message", "content", ANY, "input"],
];

const METADATA_FIELDS = ["stop_sequence", "stop_details", "container", "context_management"];

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Reads answers of the Messages API, whole ones and streams. */
export function createMessagesReader(options: MessagesEventsOptions): AnswerReader {
  const blocks = createBlocks(options.instanceId, options.newCallId);
  const { events } = blocks;
  const usage = createUsage();
  let messageId: string | undefined;
  let rawReason = "";
  /** No content has followed the vendor's word. */
  let isWhole = false;
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

  /** The vendor tells the tier among the counts. */
  function readTier({ service_tier: tier }: JsonObject): void {
    if (typeof tier === "string") metadata = { ...metadata, service_tier: tier };
  }

  function tellUsage(): void {
    const report = usage.report();
    if (isReported(report)) events.push(usageEvent(report));
  }

  function finishReason(): FinishReason {
    const reason = finishReasonOf(rawReason) ?? "other";
    if (reason !== "tool-calls" || blocks.hasCalls()) return reason;
    // The vendor says that there are calls, and none came.
    if (blocks.isEmpty()) return "stop";
    events.push({ type: "warning", warning: CALLS_MISSING });
    return "other";
  }

  /** Blocks that come with their message; `place` is where they stand in `json`. */
  function startAll(
    content: readonly JsonValue[],
    json: string,
    place: readonly string[],
    isWhole: boolean,
  ): void {
    const raw = rawValues(json, INPUTS);
    for (const [position, block] of content.entries()) {
      blocks.start(position, object(block), () => raw.at(...place, position, "input"));
      if (isWhole) blocks.end(position);
    }
  }

  function finish(): void {
    // Without its reason an answer is no success, whatever came before.
    if (rawReason === "") throw truncatedError();
    const interruption = interruptionOf(rawReason);
    if (interruption !== undefined) throw interruption;
    blocks.endAll();
    tellUsage();
    const reason = finishReason();
    events.push({
      type: "finish",
      reason,
      rawReason,
      ...(blocks.isEmpty() && { isEmpty: true }),
      ...(Object.keys(metadata).length === 0 ? undefined : { metadata }),
    });
  }

  /** The prompt's counts come first, with a placeholder for the output that is no count yet. */
  function readStartUsage(message: JsonObject): void {
    const { output_tokens: _, ...prompt } = object(message["usage"]);
    readTier(prompt);
    usage.take(prompt);
    tellUsage();
  }

  /** True at the end marker. Pings and unknown events are passed over. */
  function read(event: JsonObject, type: string, json: string): boolean {
    const index = typeof event["index"] === "number" ? event["index"] : 0;
    switch (type) {
      case "message_start": {
        const message = object(event["message"]);
        const first = messageId === undefined;
        readHead(message);
        if (!first) return false;
        readStartUsage(message);
        const content = message["content"];
        if (Array.isArray(content)) startAll(content, json, ["message", "content"], false);
        return false;
      }
      case "content_block_start":
        isWhole = false;
        blocks.start(index, object(event["content_block"]), () =>
          rawValues(json, INPUTS).at("content_block", "input"),
        );
        return false;
      case "content_block_delta":
        isWhole = false;
        blocks.delta(index, object(event["delta"]));
        return false;
      case "content_block_stop":
        blocks.end(index);
        return false;
      case "message_delta":
        readStop(object(event["delta"]));
        readTier(object(event["usage"]));
        usage.take(object(event["usage"]));
        isWhole = rawReason !== "";
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
      if (name === "error") throw options.toError(data);
      const event = parseEvent(data);
      return read(event, text(event["type"]) || (name ?? ""), data);
    },
    isWhole: () => isWhole,
    // The counts come with the reason: only `message_stop` can be missing.
    readEnd: finish,
    readBody(body, json) {
      if (body["type"] === "error" || "error" in body) throw options.toError(body);
      const content = body["content"];
      if (!Array.isArray(content)) throw protocolError("the provider's answer has no content");
      readHead(body);
      startAll(content, json, ["content"], true);
      readStop(body);
      readTier(object(body["usage"]));
      usage.take(object(body["usage"]));
      finish();
    },
  };
}
