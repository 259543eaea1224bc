import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import { AnswerMetadata, type Place } from "../shared/answer-metadata.ts";
import { type AnswerReader, parseEvent } from "../shared/answer-reader.ts";
import { CALLS_MISSING, METADATA_CUT } from "../shared/answer-warnings.ts";
import { isReported, usageEvent } from "../shared/chat-usage.ts";
import { finishReasonOf, interruptionOf } from "../shared/finish-reasons.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { keepUsage, knownUsage } from "../shared/known-usage.ts";
import { ANY, type PlacePattern, type RawValues, rawValues } from "../shared/raw-values.ts";
import { type BlockTexts, createBlocks } from "./blocks.ts";
import { ORIGIN } from "./provider-blocks.ts";
import { createUsage } from "./usage.ts";

export interface MessagesReaderOptions {
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
  /** An identifier for a call that came without one. */
  readonly newCallId: () => string;
}

/** Where blocks and the inputs of calls stand. */
const BLOCKS: readonly PlacePattern[] = [
  ["content", ANY],
  ["content", ANY, "input"],
  ["content_block"],
  ["content_block", "input"],
  ["message", "content", ANY],
  ["message", "content", ANY, "input"],
];
const DELTA_VALUES: readonly PlacePattern[] = [["delta", ANY]];

/** Fields of a message, and of the delta that ends one, that have words in the contract. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "type",
  "role",
  "model",
  "content",
  "stop_reason",
  "usage",
]);
/** What an event is, and what it is about. */
const FORM: ReadonlySet<string> = new Set(["type", "index"]);
/** Fields that bring what is read elsewhere, by the types of their events. */
const KNOWN_EVENTS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [
    ["message_start", "message"],
    ["content_block_start", "content_block"],
    ["content_block_delta", "delta"],
    ["message_delta", "delta", "usage"],
  ].map(([type = "", ...fields]) => [type, new Set([...FORM, ...fields])]),
);
/** Fields of the deltas that have words in the contract. */
const KNOWN_DELTAS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [
    ["text_delta", "text"],
    ["thinking_delta", "thinking"],
    ["signature_delta", "signature"],
    ["input_json_delta", "partial_json"],
    ["citations_delta", "citation"],
  ].map(([type = "", field = ""]) => [type, new Set([...FORM, field])]),
);
/** Where they stand; made once, since each event is asked. */
const TOP = (): Place => [];
const DELTA = (): Place => ["delta"];
const DELTA_PIECE = { group: "delta", isPiece: true };
const KNOWN_USAGE = knownUsage(
  [
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    // It stands at the top of the metadata.
    "service_tier",
  ],
  {
    cache_creation: ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"],
    output_tokens_details: ["thinking_tokens"],
  },
);

/** A block as it stands in `json`. */
function textsAt(raw: RawValues, ...place: readonly (string | number)[]): BlockTexts {
  return { block: () => raw.at(...place), input: () => raw.at(...place, "input") };
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Reads answers of the Messages API, whole ones and streams. */
export function createMessagesReader(options: MessagesReaderOptions): AnswerReader {
  const blocks = createBlocks(ORIGIN.providerType, options.newCallId);
  const { events } = blocks;
  const usage = createUsage();
  let messageId: string | undefined;
  let rawReason = "";
  /** No content has followed the vendor's word. */
  let isWhole = false;
  const left = new AnswerMetadata();

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
  }

  /** What a message says beside the contract's words, at its start and at its end. */
  function keep(source: JsonObject, usage: JsonObject, json: string, place: string[]): void {
    left.take(source, KNOWN_FIELDS, json, () => place);
    keepUsage(left, usage, KNOWN_USAGE, json, [...place, "usage"]);
  }

  /** What an event says beside its content. */
  function keepEvent(event: JsonObject, type: string, json: string): void {
    left.take(event, KNOWN_EVENTS.get(type) ?? FORM, json, TOP);
  }

  /** What a delta says beside its piece; a block without a word takes all of it. */
  function keepDelta(index: number, delta: JsonObject, json: string): void {
    if (blocks.takesAll(index)) return;
    const known = KNOWN_DELTAS.get(text(delta["type"])) ?? FORM;
    left.take(delta, known, json, DELTA, DELTA_PIECE);
  }

  /** The vendor tells the tier among the counts. */
  function readTier({ service_tier: tier }: JsonObject): void {
    if (typeof tier === "string") left.add("service_tier", tier);
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
    const raw = rawValues(json, BLOCKS);
    for (const [position, block] of content.entries()) {
      blocks.start(position, object(block), textsAt(raw, ...place, position));
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
    if (left.isCut) events.push({ type: "warning", warning: METADATA_CUT });
    events.push({
      type: "finish",
      reason,
      rawReason,
      ...(blocks.isEmpty() && { isEmpty: true }),
      ...left.metadata,
    });
  }

  /** The prompt's counts come first, with a placeholder for the output that is no count yet. */
  function readStartUsage(message: JsonObject): void {
    const { output_tokens: _, ...prompt } = object(message["usage"]);
    readTier(prompt);
    usage.take(prompt);
    tellUsage();
  }

  /** True at the end marker. Pings say nothing. */
  function read(event: JsonObject, type: string, json: string): boolean {
    keepEvent(event, type, json);
    const index = typeof event["index"] === "number" ? event["index"] : 0;
    switch (type) {
      case "message_start": {
        const message = object(event["message"]);
        const first = messageId === undefined;
        readHead(message);
        if (!first) return false;
        readStartUsage(message);
        keep(message, object(message["usage"]), json, ["message"]);
        const content = message["content"];
        if (Array.isArray(content)) startAll(content, json, ["message", "content"], false);
        return false;
      }
      case "content_block_start":
        isWhole = false;
        blocks.start(
          index,
          object(event["content_block"]),
          textsAt(rawValues(json, BLOCKS), "content_block"),
        );
        return false;
      case "content_block_delta":
        isWhole = false;
        keepDelta(index, object(event["delta"]), json);
        blocks.delta(index, object(event["delta"]), (field) =>
          rawValues(json, DELTA_VALUES).at("delta", field),
        );
        return false;
      case "content_block_stop":
        blocks.end(index);
        return false;
      case "message_delta":
        readStop(object(event["delta"]));
        readTier(object(event["usage"]));
        usage.take(object(event["usage"]));
        left.take(object(event["delta"]), KNOWN_FIELDS, json, () => ["delta"]);
        keepUsage(left, object(event["usage"]), KNOWN_USAGE, json, ["usage"]);
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
      keep(body, object(body["usage"]), json, []);
      finish();
    },
  };
}
