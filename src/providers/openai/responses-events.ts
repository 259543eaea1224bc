import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import { type AnswerReader, parseEvent } from "../shared/answer.ts";
import {
  isReported,
  reportedCounts,
  tokenCount,
  type UsageReport,
  usageDetails,
  usageEvent,
} from "../shared/chat-usage.ts";
import { protocolError, truncatedError } from "../shared/http-error.ts";
import { createResponseParts } from "./responses-parts.ts";

export interface ResponsesEventsOptions {
  /** Provider instance that signs reasoning parts. */
  readonly instanceId: string;
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
}

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

/** Reads answers of the Responses dialect, whole ones and streams. */
export function createResponsesReader(options: ResponsesEventsOptions): AnswerReader {
  const parts = createResponseParts(options.instanceId);
  const { events } = parts;
  let responseId = "";
  let model = "";

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
    if (isReported(report)) events.push(usageEvent(report));
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

  /** The response as it ends: in the last event of a stream, or as the answer itself. */
  function readResponse(response: JsonObject): void {
    const { status } = response;
    if (response.error || status === "failed" || status === "cancelled") throw readFailed(response);
    readHead(response);
    if (!Array.isArray(response.output)) throw protocolError("the provider's answer has no output");
    if (status !== "completed" && status !== "incomplete") {
      throw protocolError("the provider's answer is not finished");
    }
    for (const [position, item] of response.output.entries()) {
      if (isJsonObject(item)) parts.endItem(position, item);
    }
    pushUsage(response);
    const tier = response.service_tier;
    events.push({
      type: "finish",
      ...finishReason(response),
      ...(parts.isEmpty() && { isEmpty: true }),
      ...(typeof tier === "string" ? { metadata: { service_tier: tier } } : undefined),
    });
  }

  function readFailed(response: JsonObject): Error {
    readHead(response);
    pushUsage(response);
    return options.toError(response.error ? response : { code: "server_error" });
  }

  /** True at the end marker. Bookkeeping and unknown events are passed over. */
  function read(event: JsonObject, type: string): boolean {
    const output = index(event.output_index);
    const content = index(event.content_index);
    const delta = text(event.delta);
    switch (type) {
      case "response.created":
      case "response.in_progress":
        readHead(object(event.response));
        return false;
      case "response.output_text.delta":
        parts.text(output, content, delta);
        return false;
      case "response.refusal.delta":
        parts.refusal(output, content, delta);
        return false;
      case "response.reasoning_summary_text.delta":
        parts.reasoning(output, `summary ${index(event.summary_index)}`, delta);
        return false;
      case "response.reasoning_text.delta":
        parts.reasoning(output, `content ${content}`, delta);
        return false;
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        parts.toolArguments(output, delta);
        return false;
      case "response.output_item.added":
        parts.startItem(output, object(event.item));
        return false;
      case "response.output_item.done":
        parts.endItem(output, object(event.item));
        return false;
      case "response.completed":
      case "response.incomplete":
        readResponse(object(event.response));
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
      const event = parseEvent(data);
      return read(event, text(event.type) || (name ?? ""));
    },
    // The end marker itself says how the output ended, and brings the counts.
    isWhole: () => false,
    readEnd() {
      throw truncatedError();
    },
    readBody(body) {
      readResponse(body);
    },
  };
}
