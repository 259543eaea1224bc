// Encodes a stream as events of the Responses API. The events depend only on the log's events and the record of the
// response, so all readers at all replicas receive equal bytes.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation, StoredEvent } from "../../domain/generation.ts";
import type { JsonObject } from "../../domain/json.ts";
import { checkDiscard } from "../shared/check-discard.ts";
import { COMMENT, eventText } from "../shared/event-stream.ts";
import { openAiError } from "../shared/openai-error.ts";
import type { StreamEncoder } from "../shared/stream-encoder.ts";
import { encodeEnded, encodeFailed, encodeResponse, type ResponseHead } from "./encode-response.ts";
import { ResponseEvents } from "./response-events.ts";
import { ResponseOutput } from "./response-output.ts";
import { type ResponseRecord, recordOf } from "./response-record.ts";

/** Encodes the events of a response and the response itself. */
export interface ResponsesEncoder extends StreamEncoder {
  /** The current state of the response. */
  readonly response: JsonObject;
  /** Whether the response has ended. */
  readonly hasEnded: boolean;
}

export class ResponsesStreamEncoder implements ResponsesEncoder {
  readonly #events: ResponseEvents;
  readonly #output: ResponseOutput;
  readonly #record: ResponseRecord | undefined;
  #head: ResponseHead = { record: { seed: "", createdAt: 0 }, model: "" };
  #isBegun = false;
  /** The last response object; undefined: the response has not ended. */
  #ended: JsonObject | undefined;

  /**
   * `from`: number of the first event to send. Earlier events are numbered and left out. If `record` is undefined, the
   * first event supplies the record.
   */
  constructor(from = 0, record?: ResponseRecord) {
    this.#record = record;
    this.#events = new ResponseEvents(from);
    this.#output = new ResponseOutput({
      events: this.#events,
      begin: () => this.#begin(),
      seed: () => this.#head.record.seed,
    });
  }

  /** The current state of the response. */
  get response(): JsonObject {
    if (this.#ended !== undefined) return this.#ended;
    return encodeResponse(this.#head, this.#isBegun ? "in_progress" : "queued", this.#output.items);
  }

  /** Whether the response has ended. */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  encode(event: StoredEvent): string {
    this.#events.at(event);
    const { body } = event;
    switch (body.type) {
      case "start": {
        this.#head = { record: this.#record ?? recordOf(body), model: body.requestedModel };
        return "";
      }
      case "text-delta":
        return body.text === "" ? "" : this.#output.text(body);
      case "reasoning-delta":
        return this.#output.reasoning(body);
      case "tool-call-delta":
        return this.#output.toolCall(body);
      case "part-end":
        return this.#output.endPart(body);
      case "attempt-notice":
        checkDiscard(body.notice, this.#isBegun);
        return "";
      case "complete":
        return this.#complete(body.generation);
      case "error":
        this.#ended = encodeFailed(this.#head, this.#output.items, body.failure.error);
        throw body.failure.error;
      case "heartbeat":
        return this.heartbeat();
      default:
        return "";
    }
  }

  /** An event without a number: comments do not reset the idle timers of coding agents. */
  heartbeat(): string {
    return this.#isBegun ? eventText("", { type: "keepalive" }, "keepalive") : COMMENT;
  }

  /** Both events are sent, because some clients handle only `error` and others only `response.failed`. */
  fail(error: GatewayError): string {
    const { message, code, param, type } = openAiError(error);
    const flat = { code: code ?? null, message: message ?? "", param: param ?? null };
    const response = encodeFailed(this.#head, this.#output.items, error);
    return (
      this.#events.text("error", { ...flat, error: { type: type ?? "", ...flat } }) +
      this.#events.text("response.failed", { response })
    );
  }

  #begin(): string {
    if (this.#isBegun) return "";
    this.#isBegun = true;
    const response = encodeResponse(this.#head, "in_progress", []);
    return (
      this.#events.text("response.created", { response }) +
      this.#events.text("response.in_progress", { response })
    );
  }

  #complete(generation: Generation): string {
    const begun = this.#begin();
    const ended = this.#output.end();
    const response = encodeEnded(this.#head, this.#output.items, generation);
    this.#ended = response;
    const type = `response.${String(response["status"])}`;
    return begun + ended + this.#events.text(type, { response });
  }
}
