import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import { AnswerMetadata, type FieldRules, type Place } from "../shared/answer-metadata.ts";
import { type AnswerReader, parseEvent } from "../shared/answer-reader.ts";
import { CALLS_MISSING, METADATA_CUT } from "../shared/answer-warnings.ts";
import { isReported, usageEvent } from "../shared/chat-usage.ts";
import { finishReasonOf, interruptionOf } from "../shared/finish-reasons.ts";
import type { StreamEvent } from "../shared/frame-reader.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { KnownUsage } from "../shared/known-usage.ts";
import { objectOf } from "../shared/object-of.ts";
import { ANY, type PlacePattern, type RawValues, rawValues } from "../shared/raw-values.ts";
import { stringOf } from "../shared/string-of.ts";
import { Blocks, type BlockTexts } from "./blocks.ts";
import { ORIGIN } from "./provider-blocks.ts";
import { createUsage } from "./usage.ts";

export interface MessagesReaderOptions {
  /** Converts an error inside the answer. */
  readonly toError: (payload: unknown) => Error;
  /** Creates an identifier for a call that has none. */
  readonly newCallId: () => string;
}

/** Places of blocks and of call inputs. */
const BLOCKS: readonly PlacePattern[] = [
  ["content", ANY],
  ["content", ANY, "input"],
  ["content_block"],
  ["content_block", "input"],
  ["message", "content", ANY],
  ["message", "content", ANY, "input"],
];
const DELTA_VALUES: readonly PlacePattern[] = [["delta", ANY]];

/** Fields of a message, and of the delta that ends one, that the contract can express. */
const MESSAGE: FieldRules = {
  known: new Set(["id", "type", "role", "model", "content", "stop_reason", "usage"]),
};
/** Type of an event, and index of its block. */
const FORM = ["type", "index"];
const ANY_EVENT: FieldRules = { known: new Set(FORM) };
/** Fields with content that is read elsewhere, by type of event. */
const EVENTS: ReadonlyMap<string, FieldRules> = new Map(
  [
    ["message_start", "message"],
    ["content_block_start", "content_block"],
    ["content_block_delta", "delta"],
    ["message_delta", "delta", "usage"],
  ].map(([type = "", ...fields]) => [type, { known: new Set([...FORM, ...fields]) }]),
);
const DELTA_GROUP = { group: "delta", isPiece: true };
const ANY_DELTA: FieldRules = { known: new Set(FORM), ...DELTA_GROUP };
/** Fields of deltas that the contract can express. */
const DELTAS: ReadonlyMap<string, FieldRules> = new Map(
  [
    ["text_delta", "text"],
    ["thinking_delta", "thinking"],
    ["signature_delta", "signature"],
    ["input_json_delta", "partial_json"],
    ["citations_delta", "citation"],
  ].map(([type = "", field = ""]) => [type, { known: new Set([...FORM, field]), ...DELTA_GROUP }]),
);
/** Places of deltas. They are constants, because they are needed for each event. */
const TOP = (): Place => [];
const DELTA = (): Place => ["delta"];
const KNOWN_USAGE = new KnownUsage(
  [
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    // The metadata has this field at the top.
    "service_tier",
  ],
  {
    cache_creation: ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"],
    output_tokens_details: ["thinking_tokens"],
  },
);

/** The texts of a block at a place in `json`. */
function textsAt(raw: RawValues, ...place: readonly (string | number)[]): BlockTexts {
  return { block: () => raw.at(...place), input: () => raw.at(...place, "input") };
}

/** Reads answers of the Messages API, whole ones and streams. */
export class MessagesReader implements AnswerReader {
  readonly events: AnswerReader["events"];
  readonly #toError: MessagesReaderOptions["toError"];
  readonly #blocks: Blocks;
  readonly #usage = createUsage();
  readonly #metadata = new AnswerMetadata();
  #messageId: string | undefined;
  #rawReason = "";
  /** Whether no content has followed the finish reason. */
  #isWhole = false;

  constructor({ toError, newCallId }: MessagesReaderOptions) {
    this.#toError = toError;
    this.#blocks = new Blocks(ORIGIN.providerType, newCallId);
    this.events = this.#blocks.events;
  }

  readEvent({ name, data }: StreamEvent): boolean {
    if (name === "error") throw this.#toError(data);
    const event = parseEvent(data);
    return this.#read(event, stringOf(event["type"]) || (name ?? ""), data);
  }

  isWhole(): boolean {
    return this.#isWhole;
  }

  /** The counts arrive with the reason, so only `message_stop` can be missing. */
  readEnd(): void {
    this.#finish();
  }

  readBody(body: JsonObject, json: string): void {
    if (body["type"] === "error" || "error" in body) throw this.#toError(body);
    const content = body["content"];
    if (!Array.isArray(content)) throw protocolError("the provider's answer has no content");
    this.#readHead(body);
    const raw = rawValues(json, BLOCKS);
    for (const [position, block] of content.entries()) {
      this.#blocks.start(position, objectOf(block), textsAt(raw, "content", position));
      this.#blocks.end(position);
    }
    this.#readStop(body);
    this.#readUsage(objectOf(body["usage"]));
    this.#keep(body, objectOf(body["usage"]), json, []);
    this.#finish();
  }

  #readHead(message: JsonObject): void {
    const id = stringOf(message["id"]);
    if (this.#messageId !== undefined && id !== this.#messageId) {
      throw protocolError("the provider began a second message in one answer");
    }
    if (this.#messageId !== undefined) return;
    this.#messageId = id;
    const model = stringOf(message["model"]);
    this.events.push({
      type: "response",
      ...(id === "" ? undefined : { id }),
      ...(model === "" ? undefined : { model }),
    });
  }

  #readStop(source: JsonObject): void {
    this.#rawReason = stringOf(source["stop_reason"]) || this.#rawReason;
  }

  /** Keeps fields of a message that the contract cannot express, at its start and its end. */
  #keep(source: JsonObject, usage: JsonObject, json: string, place: string[]): void {
    this.#metadata.keep(source, MESSAGE, json, () => place);
    KNOWN_USAGE.keepOthers(this.#metadata, usage, json, [...place, "usage"]);
  }

  /** Keeps fields of a delta beside its content. A block of an unknown type keeps all fields itself. */
  #keepDelta(index: number, delta: JsonObject, json: string): void {
    if (this.#blocks.takesAll(index)) return;
    const rules = DELTAS.get(stringOf(delta["type"])) ?? ANY_DELTA;
    this.#metadata.keep(delta, rules, json, DELTA);
  }

  /** The vendor reports the service tier among the counts. */
  #readTier({ service_tier: tier }: JsonObject): void {
    if (typeof tier === "string") this.#metadata.add("service_tier", tier);
  }

  #tellUsage(): void {
    const report = this.#usage.report();
    if (isReported(report)) this.events.push(usageEvent(report));
  }

  #finishReason(): FinishReason {
    const reason = finishReasonOf(this.#rawReason) ?? "other";
    if (reason !== "tool-calls" || this.#blocks.hasCalls) return reason;
    // The vendor's reason says that there are calls, but none arrived.
    if (this.#blocks.isEmpty) return "stop";
    this.events.push({ type: "warning", warning: CALLS_MISSING });
    return "other";
  }

  #finish(): void {
    // An answer without a finish reason is a failure, whatever came before.
    if (this.#rawReason === "") throw truncatedError();
    const interruption = interruptionOf(this.#rawReason);
    if (interruption !== undefined) throw interruption;
    this.#blocks.endAll();
    this.#tellUsage();
    const reason = this.#finishReason();
    if (this.#metadata.isCut) this.events.push({ type: "warning", warning: METADATA_CUT });
    this.events.push({
      type: "finish",
      reason,
      rawReason: this.#rawReason,
      ...(this.#blocks.isEmpty && { isEmpty: true }),
      ...this.#metadata.metadata,
    });
  }

  #readUsage(usage: JsonObject): void {
    this.#readTier(usage);
    this.#usage.take(usage);
  }

  /** Starts the blocks of a message. `place`: their path in `json`. */
  #startBlocks(content: readonly JsonValue[], json: string, ...place: readonly string[]): void {
    const raw = rawValues(json, BLOCKS);
    for (const [position, block] of content.entries()) {
      this.#blocks.start(position, objectOf(block), textsAt(raw, ...place, position));
    }
  }

  #readStart(message: JsonObject, json: string): void {
    const isFirst = this.#messageId === undefined;
    this.#readHead(message);
    if (!isFirst) return;
    // The prompt's counts come first, with a placeholder instead of the output count.
    const { output_tokens: _, ...prompt } = objectOf(message["usage"]);
    this.#readUsage(prompt);
    this.#tellUsage();
    this.#keep(message, objectOf(message["usage"]), json, ["message"]);
    const content = message["content"];
    if (Array.isArray(content)) this.#startBlocks(content, json, "message", "content");
  }

  #readDelta(event: JsonObject, index: number, json: string): void {
    const delta = objectOf(event["delta"]);
    this.#isWhole = false;
    this.#keepDelta(index, delta, json);
    this.#blocks.delta(index, delta, (field) => rawValues(json, DELTA_VALUES).at("delta", field));
  }

  #readMessageDelta(event: JsonObject, json: string): void {
    const delta = objectOf(event["delta"]);
    const usage = objectOf(event["usage"]);
    this.#readStop(delta);
    this.#readUsage(usage);
    this.#metadata.keep(delta, MESSAGE, json, DELTA);
    KNOWN_USAGE.keepOthers(this.#metadata, usage, json, ["usage"]);
    this.#isWhole = this.#rawReason !== "";
  }

  /** True at the end marker. Pings are ignored. */
  #read(event: JsonObject, type: string, json: string): boolean {
    this.#metadata.keep(event, EVENTS.get(type) ?? ANY_EVENT, json, TOP);
    const index = typeof event["index"] === "number" ? event["index"] : 0;
    switch (type) {
      case "message_start":
        this.#readStart(objectOf(event["message"]), json);
        return false;
      case "content_block_start": {
        const raw = rawValues(json, BLOCKS);
        this.#isWhole = false;
        this.#blocks.start(index, objectOf(event["content_block"]), textsAt(raw, "content_block"));
        return false;
      }
      case "content_block_delta":
        this.#readDelta(event, index, json);
        return false;
      case "content_block_stop":
        this.#blocks.end(index);
        return false;
      case "message_delta":
        this.#readMessageDelta(event, json);
        return false;
      case "message_stop":
        this.#finish();
        return true;
      case "error":
        throw this.#toError(event);
      default:
        return false;
    }
  }
}
