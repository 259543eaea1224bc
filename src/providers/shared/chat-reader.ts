import type { ReportedCost } from "../../domain/cost.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { Warning } from "../../domain/warning.ts";
import type { Place } from "./answer-metadata.ts";
import { type AnswerReader, parseEvent } from "./answer-reader.ts";
import { CALLS_MISSING, CHOICES_DROPPED, METADATA_CUT } from "./answer-warnings.ts";
import { CHAT_API } from "./chat-message-data.ts";
import { ChatMessageReader, hasOutput } from "./chat-message-reader.ts";
import { ChatMetadata, type ChatUsageFields } from "./chat-metadata.ts";
import { isReported, type UsageReport, usageEvent } from "./chat-usage.ts";
import { finishReasonOf, interruptionOf } from "./finish-reasons.ts";
import type { StreamEvent } from "./frame-reader.ts";
import { protocolError, truncatedError } from "./http-error.ts";
import { readLogprobs } from "./logprobs.ts";

export interface ChatReaderOptions {
  /** Reads `usage` by the vendor's arithmetic. */
  readonly readUsage: (usage: JsonObject) => UsageReport;
  /** Converts an error inside the answer. */
  readonly toError: (payload: unknown) => Error;
  /** Creates an identifier for a call that has none. */
  readonly newCallId: () => string;
  /** Type of the provider. Data of messages and calls is sent back only to it. */
  readonly providerType: string;
  /** Fields of `usage`. Default: those in general use. */
  readonly usageFields?: ChatUsageFields;
  /** Reads the price in `usage`; `impossible` for an invalid price. */
  readonly readCost?: (usage: JsonObject) => ReportedCost | "impossible" | undefined;
}

/** Reads answers of the Chat Completions dialect, whole ones and streams. */
export class ChatReader implements AnswerReader {
  readonly events: AnswerReader["events"];
  readonly #options: ChatReaderOptions;
  readonly #metadata: ChatMetadata;
  readonly #message: ChatMessageReader;
  readonly #warned = new Set<Warning>();
  #responseId = "";
  #model = "";
  /** The provider's finish reason; undefined until it has arrived. */
  #rawReason: string | undefined;
  /** Whether the provider has reported counts. */
  #isCounted = false;

  constructor(options: ChatReaderOptions) {
    const { providerType, newCallId, usageFields } = options;
    const origin = { providerType, api: CHAT_API };
    this.#options = options;
    this.#metadata = new ChatMetadata(usageFields);
    this.#message = new ChatMessageReader(origin, newCallId, this.#metadata);
    this.events = this.#message.events;
  }

  readEvent({ name, data }: StreamEvent): boolean {
    if (data.trim() === "[DONE]") {
      // Servers that send no reason report counts. A proxy in front of a broken server does not.
      if (this.#rawReason === undefined && !(this.#isCounted && this.#message.hasAll)) {
        throw truncatedError();
      }
      this.#finish(this.#rawReason ?? "");
      return true;
    }
    // A comment that a faulty proxy has wrapped into data.
    if (data.startsWith(":")) return false;
    // The error can be plain text.
    if (name === "error") throw this.#options.toError(data);
    this.#readChunk(parseEvent(data), data, false);
    return false;
  }

  isWhole(): boolean {
    return this.#message.isOver;
  }

  readEnd(): void {
    // Many compatible servers never send the end marker. The finish reason is enough.
    if (this.#rawReason === undefined) throw truncatedError();
    this.#finish(this.#rawReason);
  }

  readBody(body: JsonObject, json: string): void {
    this.#readChunk(body, json, true);
    if (!Array.isArray(body.choices) || body.choices.length === 0) {
      throw protocolError("the provider's answer has no choices");
    }
    if (this.#rawReason === undefined && !this.#message.hasAll) throw truncatedError();
    this.#finish(this.#rawReason ?? "");
  }

  #tellOnce(warning: Warning): void {
    if (this.#warned.has(warning)) return;
    this.#warned.add(warning);
    this.events.push({ type: "warning", warning });
  }

  #readHead(chunk: JsonObject): void {
    const id = typeof chunk.id === "string" && chunk.id !== "" ? chunk.id : this.#responseId;
    const model = typeof chunk.model === "string" && chunk.model !== "" ? chunk.model : this.#model;
    if (id === this.#responseId && model === this.#model) return;
    this.#responseId = id;
    this.#model = model;
    this.events.push({
      type: "response",
      ...(id === "" ? undefined : { id }),
      ...(model === "" ? undefined : { model }),
    });
  }

  /** Reads a chunk or a whole answer. They differ in `delta` and `message`, and some servers send both. */
  #readChunk(chunk: JsonObject, json: string, isWhole: boolean): void {
    if (chunk.error || chunk.object === "error") throw this.#options.toError(chunk);
    this.#readHead(chunk);
    this.#metadata.chunk(chunk, json);
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    for (let position = 0; position < choices.length; position++) {
      const choice = choices[position];
      if (isJsonObject(choice)) this.#readChoice(choice, json, position, isWhole);
    }
    // Only counts follow the reason.
    if (this.#message.isOver && choices.length === 0) this.#message.endCalls();
    if (isJsonObject(chunk.usage)) this.#readUsage(chunk.usage, json, ["usage"]);
  }

  #readChoice(choice: JsonObject, json: string, position: number, isWhole: boolean): void {
    const field = this.#fieldOf(choice, isWhole);
    const message = choice[field];
    const index = typeof choice.index === "number" ? choice.index : position;
    if (index !== 0) {
      if (isJsonObject(message) && hasOutput(message)) this.#tellOnce(CHOICES_DROPPED);
      return;
    }
    if (isJsonObject(message)) {
      const { logprobs } = choice;
      const tokens = isJsonObject(logprobs) ? readLogprobs(logprobs.content) : undefined;
      this.#message.read(message, { isWhole, json, position, field }, tokens);
    }
    this.#metadata.choice(choice, json, position);
    this.#readReason(choice, isWhole);
    // Moonshot's place for the usage.
    if (isJsonObject(choice.usage)) {
      this.#readUsage(choice.usage, json, ["choices", position, "usage"]);
    }
  }

  /** The field with the output of a choice. Some servers send both fields, one repeating the other. */
  #fieldOf(choice: JsonObject, isWhole: boolean): "message" | "delta" {
    const first = isWhole ? "message" : "delta";
    const second = isWhole ? "delta" : "message";
    const own = choice[first];
    if (!isJsonObject(choice[second])) return first;
    if (!isJsonObject(own)) return second;
    return hasOutput(own) || !this.#message.isEmpty ? first : second;
  }

  #readReason(choice: JsonObject, isWhole: boolean): void {
    const reason = choice.finish_reason;
    if (typeof reason !== "string" || reason === "") return;
    if (choice.error) throw this.#options.toError(choice.error);
    const interruption = interruptionOf(reason);
    if (interruption !== undefined) throw interruption;
    this.#rawReason = reason;
    this.#message.takeReason(isWhole);
  }

  #readUsage(usage: JsonObject, json: string, place: Place): void {
    this.#metadata.usage(usage, json, place);
    const report = this.#options.readUsage(usage);
    this.#isCounted ||= isReported(report);
    const cost = this.#options.readCost?.(usage);
    if (isReported(report) || cost !== undefined) this.events.push(usageEvent(report, cost));
  }

  #finishReason(raw: string): FinishReason {
    const reason = finishReasonOf(raw) ?? "other";
    const { hasCalls, isRefused } = this.#message;
    if (reason === "tool-calls" && !hasCalls) return this.#withoutCalls();
    if (reason !== "stop" && raw !== "") return reason;
    if (isRefused) return "refusal";
    // A forced call can end with the reason `stop`.
    return hasCalls ? "tool-calls" : reason;
  }

  /** The finish reason if the vendor announced calls but sent none. */
  #withoutCalls(): FinishReason {
    if (this.#message.isEmpty) return "stop";
    this.#tellOnce(CALLS_MISSING);
    return "other";
  }

  #finish(raw: string): void {
    this.#message.end();
    if (this.#metadata.isCut) this.#tellOnce(METADATA_CUT);
    const reason = this.#finishReason(raw);
    const { isEmpty, messageData } = this.#message;
    this.events.push({
      type: "finish",
      reason,
      rawReason: raw,
      ...(isEmpty && { isEmpty }),
      ...this.#metadata.metadata,
      ...(messageData !== undefined && { messageData }),
    });
  }
}
