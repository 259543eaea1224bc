import type { ReportedCost } from "../../domain/cost.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenCounts } from "../../domain/token-usage.ts";
import { type AnswerReader, parseEvent } from "./answer.ts";
import { createChatToolCalls } from "./chat-tool-calls.ts";
import { protocolError, truncatedError } from "./http-error.ts";
import { createPartWriter, type OpenPart } from "./part-writer.ts";

export interface ChatEventsOptions {
  /** The vendor's arithmetic of `usage`. */
  readonly readUsage: (usage: JsonObject) => TokenCounts;
  /** What an error inside the answer means. */
  readonly toError: (payload: unknown) => Error;
  /** The stream may end after a finish reason without its end marker. */
  readonly doneOptional: boolean;
  /** Fields of an answer, and of its `usage`, that have no place in the events and travel as metadata. */
  readonly metadataFields: readonly string[];
  readonly usageMetadataFields?: readonly string[];
  /** The price that `usage` names. */
  readonly readCost?: (usage: JsonObject) => ReportedCost | undefined;
}

type TextType = "text" | "reasoning" | "refusal";

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "max-tokens",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
};

/** A text, or the texts of an array of parts. */
function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  return value.map((part) => (isJsonObject(part) ? textOf(part.text) : "")).join("");
}

/** Reads answers of the Chat Completions dialect, whole ones and streams. */
export function createChatReader(options: ChatEventsOptions): AnswerReader {
  const writer = createPartWriter();
  const { events } = writer;
  const calls = createChatToolCalls(writer);
  const metadata: Record<string, JsonValue> = {};
  let open: { readonly type: TextType; readonly part: OpenPart } | undefined;
  let responseId = "";
  let model = "";
  let refused = false;
  let content = false;
  /** The provider's word, once it has come. */
  let rawReason: string | undefined;

  function closeText(): void {
    open?.part.end();
    open = undefined;
  }

  function append(type: TextType, text: string): void {
    if (text === "") return;
    if (open?.type !== type) {
      closeText();
      open = { type, part: writer.openText(type) };
    }
    content = true;
    if (type === "refusal") refused = true;
    open.part.append(text);
  }

  function readMessage(message: JsonValue | undefined): void {
    if (!isJsonObject(message)) return;
    append("reasoning", textOf(message.reasoning_content) || textOf(message.reasoning));
    append("text", textOf(message.content));
    append("refusal", textOf(message.refusal));
    if (!Array.isArray(message.tool_calls) || message.tool_calls.length === 0) return;
    closeText();
    calls.read(message.tool_calls);
  }

  function readHead(chunk: JsonObject): void {
    const id = typeof chunk.id === "string" && chunk.id !== "" ? chunk.id : responseId;
    const name = typeof chunk.model === "string" && chunk.model !== "" ? chunk.model : model;
    if (id !== responseId || name !== model) {
      responseId = id;
      model = name;
      events.push({
        type: "response",
        ...(id === "" ? undefined : { id }),
        ...(name === "" ? undefined : { model: name }),
      });
    }
    keep(chunk, options.metadataFields);
  }

  function keep(source: JsonObject, fields: readonly string[] = []): void {
    for (const field of fields) {
      const value = source[field];
      if (value !== undefined && value !== null) metadata[field] = value;
    }
  }

  /** A chunk, or a whole answer: they differ in `delta` and `message` only. */
  function readChunk(chunk: JsonObject): void {
    if (chunk.error || chunk.object === "error") throw options.toError(chunk);
    readHead(chunk);
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    for (const choice of choices) {
      if (!isJsonObject(choice) || (choice.index ?? 0) !== 0) continue;
      readMessage(choice.delta ?? choice.message);
      const reason = choice.finish_reason;
      if (reason === "error") throw options.toError(choice.error ?? { code: "server_error" });
      if (typeof reason !== "string" || reason === "") continue;
      rawReason = reason;
      endParts();
    }
    if (isJsonObject(chunk.usage)) {
      keep(chunk.usage, options.usageMetadataFields);
      const counts = options.readUsage(chunk.usage);
      const cost = options.readCost?.(chunk.usage);
      if (Object.keys(counts).length > 0 || cost !== undefined) {
        events.push({ type: "usage", counts, ...(cost !== undefined && { cost }) });
      }
    }
  }

  function endParts(): void {
    closeText();
    calls.end(responseId);
  }

  function finishReason(raw: string): FinishReason {
    const reason = FINISH_REASONS[raw] ?? "other";
    if (reason !== "stop") return reason;
    if (refused) return "refusal";
    // A forced call can end with `stop`.
    return calls.count() > 0 ? "tool-calls" : "stop";
  }

  function finish(raw: string): void {
    endParts();
    events.push({
      type: "finish",
      reason: finishReason(raw),
      rawReason: raw,
      ...(Object.keys(metadata).length === 0 ? undefined : { metadata }),
    });
  }

  return {
    events,
    readEvent({ name, data }) {
      if (data.trim() === "[DONE]") {
        if (rawReason === undefined) throw truncatedError();
        finish(rawReason);
        return true;
      }
      // A comment that a bad proxy has wrapped into data.
      if (data.startsWith(":")) return false;
      const chunk = parseEvent(data);
      if (name === "error") throw options.toError(chunk);
      readChunk(chunk);
      return false;
    },
    readEnd() {
      if (!options.doneOptional || rawReason === undefined) throw truncatedError();
      finish(rawReason);
    },
    readBody(body) {
      readChunk(body);
      if (!Array.isArray(body.choices) || body.choices.length === 0) {
        throw protocolError("the provider's answer has no choices");
      }
      if (rawReason === undefined && !content && calls.count() === 0) throw truncatedError();
      finish(rawReason ?? "");
    },
  };
}
