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
  usageDetails,
  usageEvent,
} from "./chat-usage.ts";
import { protocolError, truncatedError } from "./http-error.ts";
import { keepUsage } from "./known-usage.ts";
import { readLogprobs } from "./logprobs.ts";
import { ANY, type PlacePattern, type RawValues, rawValues } from "./raw-values.ts";
import { readCost } from "./read-cost.ts";
import { RESPONSES_API } from "./response-data.ts";
import {
  KNOWN_EVENT_FIELDS,
  KNOWN_RESPONSE_FIELDS,
  KNOWN_RESPONSE_USAGE,
  KNOWN_TEXT_FIELDS,
} from "./response-fields.ts";
import type { ItemName } from "./response-items.ts";
import { argumentsOf, createResponseParts, type ReadItem } from "./response-parts.ts";

export interface ResponsesReaderOptions {
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
  /** An identifier for a call that came without one. */
  readonly newCallId: () => string;
  /** Type of the provider, whose data of items goes back to it. */
  readonly providerType: string;
}

/** Where items stand, and in them arguments that are not text. */
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

/** Where the fields of an event stand; made once, since each event is asked. */
const TOP = (): Place => [];

const INCOMPLETE_REASONS: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: "max-tokens",
  content_filter: "content-filter",
};

function readUsage(usage: JsonObject): UsageReport {
  const input = usageDetails(usage.input_tokens_details);
  const output = usageDetails(usage.output_tokens_details);
  return reportedCounts({
    inputTokens: tokenCount(usage.input_tokens),
    outputTokens: tokenCount(usage.output_tokens),
    cacheReadTokens: tokenCount(input.cached_tokens),
    cacheWriteTokens: tokenCount(input.cache_write_tokens),
    cacheWriteLongTokens: tokenCount(usageDetails(input.cache_write_tokens_details).ttl_12h_tokens),
    reasoningTokens: tokenCount(output.reasoning_tokens),
  });
}

function index(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function rawOf(json: string): RawValues {
  return rawValues(json, ITEMS);
}

/** A piece of arguments; of a server that sends no text the JSON text of what it sends. */
function pieceOf({ delta }: JsonObject, json: string): string {
  if (typeof delta === "string") return delta;
  if (delta === undefined || delta === null) return "";
  return rawOf(json).at("delta") ?? JSON.stringify(delta);
}

function itemOf(event: JsonObject, json: string): ReadItem {
  return { item: object(event.item), raw: rawOf(json), place: ["item"] };
}

/** Reads answers of the Responses dialect, whole ones and streams. */
export function createResponsesReader(options: ResponsesReaderOptions): AnswerReader {
  const parts = createResponseParts(options.newCallId, {
    providerType: options.providerType,
    api: RESPONSES_API,
  });
  const { events } = parts;
  const left = new AnswerMetadata();
  let responseId = "";
  let model = "";

  /** What the texts of a message have beside their words. */
  function keepTexts(item: JsonObject, json: string, place: Place): void {
    if (item.type !== "message" || !Array.isArray(item.content)) return;
    for (const [index, content] of item.content.entries()) {
      if (!isJsonObject(content)) continue;
      const own = () => [...place, "content", index];
      left.take(content, KNOWN_TEXT_FIELDS, json, own, { group: "content" });
    }
  }

  function readHead(response: JsonObject): void {
    const id = text(response.id) || responseId;
    const name = text(response.model) || model;
    if (id === responseId && name === model) return;
    responseId = id;
    model = name;
    events.push({
      type: "response",
      ...(id === "" ? undefined : { id }),
      ...(name === "" ? undefined : { model: name }),
    });
  }

  function pushUsage({ usage }: JsonObject): void {
    if (!isJsonObject(usage)) return;
    const report = readUsage(usage);
    const cost = readCost(usage);
    if (isReported(report) || cost !== undefined) events.push(usageEvent(report, cost));
  }

  /** The reason that the whole response gives, and the provider's word for it. */
  function finishReason(response: JsonObject): { reason: FinishReason; rawReason: string } {
    if (response.status === "completed") {
      if (parts.hasToolCalls()) return { reason: "tool-calls", rawReason: "completed" };
      return { reason: parts.hasRefusal() ? "refusal" : "stop", rawReason: "completed" };
    }
    const rawReason = text(object(response.incomplete_details).reason) || "incomplete";
    return { reason: ownValue(INCOMPLETE_REASONS, rawReason) ?? "other", rawReason };
  }

  /** The response as it ends: in the last event of a stream, or as the answer itself; `place` is where. */
  function readResponse(response: JsonObject, json: string, ...place: readonly string[]): void {
    const { status } = response;
    if (response.error || status === "failed" || status === "cancelled") throw readFailed(response);
    readHead(response);
    const output = outputOf(response);
    if (status !== "completed" && status !== "incomplete") {
      throw protocolError("the provider's answer is not finished");
    }
    const raw = rawOf(json);
    for (const [position, item] of output.entries()) {
      if (!isJsonObject(item)) continue;
      keepTexts(item, json, [...place, "output", position]);
      parts.settleItem(position, { item, raw, place: [...place, "output", position] });
    }
    parts.endAll();
    pushUsage(response);
    left.take(response, KNOWN_RESPONSE_FIELDS, json, () => place);
    keepUsage(left, response.usage, KNOWN_RESPONSE_USAGE, json, [...place, "usage"]);
    if (left.isCut) events.push({ type: "warning", warning: METADATA_CUT });
    events.push({
      type: "finish",
      ...finishReason(response),
      ...(parts.isEmpty() && { isEmpty: true }),
      ...left.metadata,
    });
  }

  /** A server that has told all items before may leave them out at the end. */
  function outputOf({ output }: JsonObject): JsonValue[] {
    if (Array.isArray(output)) return output;
    if (parts.isEmpty()) throw protocolError("the provider's answer has no output");
    return [];
  }

  function readFailed(response: JsonObject): Error {
    readHead(response);
    pushUsage(response);
    return options.toError(response.error ? response : { code: "server_error" });
  }

  /** True at the end marker. Of bookkeeping and unknown events unknown fields are kept. */
  function read(event: JsonObject, type: string, json: string): boolean {
    left.take(event, KNOWN_EVENT_FIELDS, json, TOP);
    const output = index(event.output_index);
    const name: ItemName = { id: text(event.item_id), index: output };
    const content = index(event.content_index);
    const delta = text(event.delta);
    switch (type) {
      case "response.created":
      case "response.in_progress":
        readHead(object(event.response));
        left.take(object(event.response), KNOWN_RESPONSE_FIELDS, json, () => ["response"]);
        return false;
      case "response.output_text.delta":
        parts.text(name, content, delta, readLogprobs(event.logprobs));
        return false;
      case "response.output_text.annotation.added": {
        const annotation = object(event.annotation);
        const own = rawOf(json).at("annotation") ?? JSON.stringify(annotation);
        parts.annotation(name, content, annotation, own);
        return false;
      }
      case "response.output_text.done":
        parts.wholeText(name, content, "text", text(event.text));
        return false;
      case "response.refusal.delta":
        parts.refusal(name, content, delta);
        return false;
      case "response.refusal.done":
        parts.wholeText(name, content, "refusal", text(event.refusal));
        return false;
      case "response.reasoning_summary_text.delta":
        parts.reasoning(name, `summary ${index(event.summary_index)}`, delta);
        return false;
      case "response.reasoning_summary_text.done":
        parts.wholeReasoning(name, `summary ${index(event.summary_index)}`, text(event.text));
        return false;
      case "response.reasoning_text.delta":
        parts.reasoning(name, `content ${content}`, delta);
        return false;
      case "response.reasoning_text.done":
        parts.wholeReasoning(name, `content ${content}`, text(event.text));
        return false;
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        parts.toolArguments(name, pieceOf(event, json));
        return false;
      case "response.function_call_arguments.done":
      case "response.custom_tool_call_input.done":
        parts.wholeArguments(name, argumentsOf({ item: event, raw: rawOf(json), place: [] }));
        return false;
      case "response.output_item.added":
        parts.startItem(output, itemOf(event, json));
        return false;
      case "response.output_item.done":
        keepTexts(object(event.item), json, ["item"]);
        parts.endItem(output, itemOf(event, json));
        return false;
      case "response.completed":
      case "response.incomplete":
        // The event says the status where the response leaves it out.
        readResponse(
          { status: type.slice("response.".length), ...object(event.response) },
          json,
          "response",
        );
        return true;
      case "response.failed":
        throw readFailed(object(event.response));
      case "error":
        throw options.toError(event);
      default:
        return false;
    }
  }

  return {
    events,
    readEvent({ name, data }) {
      if (data.startsWith(":") || data.trim() === "[DONE]") return false;
      if (name === "error") throw options.toError(data);
      const event = parseEvent(data);
      return read(event, text(event.type) || (name ?? ""), data);
    },
    // The end marker itself says how the output ended, and brings the counts.
    isWhole: () => false,
    readEnd() {
      throw truncatedError();
    },
    readBody: (body, json) => readResponse(body, json),
  };
}
