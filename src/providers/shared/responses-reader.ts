import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import { AnswerMetadata, type Place } from "./answer-metadata.ts";
import { type AnswerReader, parseEvent } from "./answer-reader.ts";
import { METADATA_CUT } from "./answer-warnings.ts";
import {
  isReported,
  reportedCounts,
  tokenCount,
  type UsageReport,
  usageEvent,
} from "./chat-usage.ts";
import type { StreamEvent } from "./frame-reader.ts";
import { protocolError, truncatedError } from "./http-error.ts";
import type { ItemName } from "./item-table.ts";
import { readLogprobs } from "./logprobs.ts";
import { objectOf } from "./object-of.ts";
import { ANY, type PlacePattern, type RawValues, rawValues } from "./raw-values.ts";
import { readCost } from "./read-cost.ts";
import { argumentsOf, type ReadItem } from "./read-item.ts";
import { RESPONSES_API } from "./response-data.ts";
import {
  EVENT_FIELDS,
  KNOWN_RESPONSE_USAGE,
  RESPONSE_FIELDS,
  TEXT_FIELDS,
} from "./response-fields.ts";
import { ResponseParts } from "./response-parts.ts";
import { stringOf } from "./string-of.ts";

export interface ResponsesReaderOptions {
  /** Converts an error inside the answer. */
  readonly toError: (payload: unknown) => Error;
  /** Creates an identifier for a call that has none. */
  readonly newCallId: () => string;
  /** Type of the provider. Data of items is sent back only to it. */
  readonly providerType: string;
}

/** Places of items, and of arguments that are not text. */
const ITEMS: readonly PlacePattern[] = [
  ["arguments"],
  ["annotation"],
  ["delta"],
  ["item"],
  ["output", ANY],
  ["response", "output", ANY],
  ["item", "arguments"],
  ["item", "input"],
  ["output", ANY, "arguments"],
  ["output", ANY, "input"],
  ["response", "output", ANY, "arguments"],
  ["response", "output", ANY, "input"],
];

/** Places of an event's fields. They are constants, because they are needed for each event. */
const TOP = (): Place => [];
const RESPONSE = (): Place => ["response"];

const INCOMPLETE_REASONS: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: "max-tokens",
  content_filter: "content-filter",
};

function readUsage(usage: JsonObject): UsageReport {
  const input = objectOf(usage.input_tokens_details);
  const output = objectOf(usage.output_tokens_details);
  return reportedCounts({
    inputTokens: tokenCount(usage.input_tokens),
    outputTokens: tokenCount(usage.output_tokens),
    cacheReadTokens: tokenCount(input.cached_tokens),
    cacheWriteTokens: tokenCount(input.cache_write_tokens),
    cacheWriteLongTokens: tokenCount(objectOf(input.cache_write_tokens_details).ttl_12h_tokens),
    reasoningTokens: tokenCount(output.reasoning_tokens),
  });
}

function index(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

function rawOf(json: string): RawValues {
  return rawValues(json, ITEMS);
}

/** A piece of arguments. A value other than text becomes its JSON text. */
function pieceOf({ delta }: JsonObject, json: string): string {
  if (typeof delta === "string") return delta;
  if (delta === undefined || delta === null) return "";
  return rawOf(json).at("delta") ?? JSON.stringify(delta);
}

function itemOf(event: JsonObject, json: string): ReadItem {
  return { item: objectOf(event.item), raw: rawOf(json), place: ["item"] };
}

function nameOf(event: JsonObject): ItemName {
  return { id: stringOf(event.item_id), index: index(event.output_index) };
}

/** Reads answers of the Responses dialect, whole ones and streams. */
export class ResponsesReader implements AnswerReader {
  readonly events: AnswerReader["events"];
  readonly #toError: ResponsesReaderOptions["toError"];
  readonly #parts: ResponseParts;
  readonly #metadata = new AnswerMetadata();
  #responseId = "";
  #model = "";

  constructor({ toError, newCallId, providerType }: ResponsesReaderOptions) {
    this.#toError = toError;
    this.#parts = new ResponseParts(newCallId, { providerType, api: RESPONSES_API });
    this.events = this.#parts.events;
  }

  readEvent({ name, data }: StreamEvent): boolean {
    if (data.startsWith(":") || data.trim() === "[DONE]") return false;
    if (name === "error") throw this.#toError(data);
    const event = parseEvent(data);
    const type = stringOf(event.type) || (name ?? "");
    this.#metadata.keep(event, EVENT_FIELDS, data, TOP);
    if (type.endsWith(".delta")) this.#readDelta(event, type, data);
    else if (type.endsWith(".done")) this.#readDone(event, type, data);
    else return this.#readState(event, type, data);
    return false;
  }

  /** The end marker itself contains the finish reason and the counts. */
  isWhole(): boolean {
    return false;
  }

  readEnd(): void {
    throw truncatedError();
  }

  readBody(body: JsonObject, json: string): void {
    this.#readResponse(body, json);
  }

  /** Reads pieces of texts and arguments. */
  #readDelta(event: JsonObject, type: string, json: string): void {
    const name = nameOf(event);
    const content = index(event.content_index);
    const delta = stringOf(event.delta);
    switch (type) {
      case "response.output_text.delta":
        return this.#parts.text(name, content, delta, readLogprobs(event.logprobs));
      case "response.refusal.delta":
        return this.#parts.refusal(name, content, delta);
      case "response.reasoning_summary_text.delta":
        return this.#parts.reasoning(name, `summary ${index(event.summary_index)}`, delta);
      case "response.reasoning_text.delta":
        return this.#parts.reasoning(name, `content ${content}`, delta);
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return this.#parts.toolArguments(name, pieceOf(event, json));
    }
  }

  /** Reads complete texts, arguments and items. */
  #readDone(event: JsonObject, type: string, json: string): void {
    const name = nameOf(event);
    const content = index(event.content_index);
    const whole = stringOf(event.text);
    switch (type) {
      case "response.output_text.done":
        return this.#parts.wholeText(name, content, "text", whole);
      case "response.refusal.done":
        return this.#parts.wholeText(name, content, "refusal", stringOf(event.refusal));
      case "response.reasoning_summary_text.done":
        return this.#parts.wholeReasoning(name, `summary ${index(event.summary_index)}`, whole);
      case "response.reasoning_text.done":
        return this.#parts.wholeReasoning(name, `content ${content}`, whole);
      case "response.function_call_arguments.done":
      case "response.custom_tool_call_input.done": {
        const read = { item: event, raw: rawOf(json), place: [] };
        return this.#parts.wholeArguments(name, argumentsOf(read));
      }
      case "response.output_item.done":
        this.#keepTexts(objectOf(event.item), json, ["item"]);
        this.#parts.endItem(name.index, itemOf(event, json));
    }
  }

  /** Reads beginnings, and states of the response. True at the end marker. Other events are ignored. */
  #readState(event: JsonObject, type: string, json: string): boolean {
    switch (type) {
      case "response.created":
      case "response.in_progress":
        this.#readHead(objectOf(event.response));
        this.#metadata.keep(objectOf(event.response), RESPONSE_FIELDS, json, RESPONSE);
        return false;
      case "response.output_item.added":
        this.#parts.startItem(index(event.output_index), itemOf(event, json));
        return false;
      case "response.output_text.annotation.added":
        this.#readAnnotation(event, json);
        return false;
      case "response.completed":
      case "response.incomplete": {
        // The event's type is the status if the response has none.
        const status = type.slice("response.".length);
        this.#readResponse({ status, ...objectOf(event.response) }, json, "response");
        return true;
      }
      case "response.failed":
        throw this.#readFailed(objectOf(event.response));
      case "error":
        throw this.#toError(event);
      default:
        return false;
    }
  }

  #readAnnotation(event: JsonObject, json: string): void {
    const annotation = objectOf(event.annotation);
    const own = rawOf(json).at("annotation") ?? JSON.stringify(annotation);
    this.#parts.annotation(nameOf(event), index(event.content_index), annotation, own);
  }

  /** Keeps fields of a message's texts beside the text. */
  #keepTexts(item: JsonObject, json: string, place: Place): void {
    if (item.type !== "message" || !Array.isArray(item.content)) return;
    for (const [index, content] of item.content.entries()) {
      if (!isJsonObject(content)) continue;
      this.#metadata.keep(content, TEXT_FIELDS, json, () => [...place, "content", index]);
    }
  }

  #readHead(response: JsonObject): void {
    const id = stringOf(response.id) || this.#responseId;
    const model = stringOf(response.model) || this.#model;
    if (id === this.#responseId && model === this.#model) return;
    this.#responseId = id;
    this.#model = model;
    this.events.push({
      type: "response",
      ...(id === "" ? undefined : { id }),
      ...(model === "" ? undefined : { model }),
    });
  }

  #pushUsage({ usage }: JsonObject): void {
    if (!isJsonObject(usage)) return;
    const report = readUsage(usage);
    const cost = readCost(usage);
    if (isReported(report) || cost !== undefined) this.events.push(usageEvent(report, cost));
  }

  /** The finish reason of the complete response, and the provider's word for it. */
  #finishReason(response: JsonObject): { reason: FinishReason; rawReason: string } {
    if (response.status === "completed") {
      if (this.#parts.hasToolCalls) return { reason: "tool-calls", rawReason: "completed" };
      return { reason: this.#parts.hasRefusal ? "refusal" : "stop", rawReason: "completed" };
    }
    const rawReason = stringOf(objectOf(response.incomplete_details).reason) || "incomplete";
    return { reason: ownValue(INCOMPLETE_REASONS, rawReason) ?? "other", rawReason };
  }

  /** Reads the response at its end: from the last event of a stream, or as the answer itself. `place`: its path. */
  #readResponse(response: JsonObject, json: string, ...place: readonly string[]): void {
    const { status } = response;
    if (response.error || status === "failed" || status === "cancelled") {
      throw this.#readFailed(response);
    }
    this.#readHead(response);
    const output = this.#outputOf(response);
    if (status !== "completed" && status !== "incomplete") {
      throw protocolError("the provider's answer is not finished");
    }
    const raw = rawOf(json);
    for (const [position, item] of output.entries()) {
      if (!isJsonObject(item)) continue;
      this.#keepTexts(item, json, [...place, "output", position]);
      this.#parts.settleItem(position, { item, raw, place: [...place, "output", position] });
    }
    this.#parts.endAll();
    this.#pushUsage(response);
    this.#metadata.keep(response, RESPONSE_FIELDS, json, () => place);
    KNOWN_RESPONSE_USAGE.keepOthers(this.#metadata, response.usage, json, [...place, "usage"]);
    if (this.#metadata.isCut) this.events.push({ type: "warning", warning: METADATA_CUT });
    this.events.push({
      type: "finish",
      ...this.#finishReason(response),
      ...(this.#parts.isEmpty && { isEmpty: true }),
      ...this.#metadata.metadata,
    });
  }

  /** A server that has sent all items before may leave them out at the end. */
  #outputOf({ output }: JsonObject): JsonValue[] {
    if (Array.isArray(output)) return output;
    if (this.#parts.isEmpty) throw protocolError("the provider's answer has no output");
    return [];
  }

  #readFailed(response: JsonObject): Error {
    this.#readHead(response);
    this.#pushUsage(response);
    return this.#toError(response.error ? response : { code: "server_error" });
  }
}
