// A response whose output goes out in one piece at its end, so that every failure before can be rescued.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { StoredEvent } from "../../domain/generation.ts";
import type { JsonObject } from "../../domain/json.ts";
import { COMMENT } from "../shared/event-stream.ts";
import type { ResponseRecord } from "./response-record.ts";
import { type ResponsesEncoder, ResponsesStreamEncoder } from "./responses-stream-encoder.ts";

export class HeldResponsesEncoder implements ResponsesEncoder {
  readonly #from: number;
  readonly #record: ResponseRecord | undefined;
  /** The first event, with which the answer begins again. */
  #start: StoredEvent | undefined;
  #encoder: ResponsesStreamEncoder;
  #texts: string[] = [];

  /** The same as of `ResponsesStreamEncoder`. */
  constructor(from: number, record: ResponseRecord | undefined) {
    this.#from = from;
    this.#record = record;
    this.#encoder = this.#begun();
  }

  get response(): JsonObject {
    const { response } = this.#encoder;
    return this.hasEnded ? response : { ...response, output: [] };
  }

  get hasEnded(): boolean {
    return this.#encoder.hasEnded;
  }

  encode(event: StoredEvent): string {
    const { body } = event;
    if (body.type === "start") this.#start = event;
    if (body.type === "attempt-notice") {
      if (body.notice.discardOutput) this.#discard();
      return "";
    }
    // What nobody has been given is no output of a response that fails.
    if (body.type === "error") this.#discard();
    this.#texts.push(this.#encoder.encode(event));
    return body.type === "complete" ? this.#texts.join("") : "";
  }

  heartbeat(): string {
    return COMMENT;
  }

  fail(error: GatewayError): string {
    this.#discard();
    return this.#encoder.fail(error);
  }

  #discard(): void {
    this.#texts = [];
    this.#encoder = this.#begun();
  }

  #begun(): ResponsesStreamEncoder {
    const encoder = new ResponsesStreamEncoder(this.#from, this.#record);
    if (this.#start !== undefined) encoder.encode(this.#start);
    return encoder;
  }
}
