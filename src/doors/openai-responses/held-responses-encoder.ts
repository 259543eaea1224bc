// A response whose output is held back, whole or its first characters, so that every failure before can be rescued.
import { countCodePoints } from "../../domain/count-code-points.ts";
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { StoredEvent } from "../../domain/generation.ts";
import type { JsonObject } from "../../domain/json.ts";
import { COMMENT } from "../shared/event-stream.ts";
import type { Commit } from "../shared/held-back.ts";
import type { ResponseRecord } from "./response-record.ts";
import { type ResponsesEncoder, ResponsesStreamEncoder } from "./responses-stream-encoder.ts";

export class HeldResponsesEncoder implements ResponsesEncoder {
  readonly #commit: Commit;
  readonly #from: number;
  readonly #record: ResponseRecord | undefined;
  /** The first event, with which the answer begins again. */
  #start: StoredEvent | undefined;
  #encoder: ResponsesStreamEncoder;
  #texts: string[] = [];
  #characters = 0;
  /** Output goes out as it comes. */
  #isReleased = false;

  /** `from` and `record` are those of `ResponsesStreamEncoder`. */
  constructor(commit: Commit, from: number, record: ResponseRecord | undefined) {
    this.#commit = commit;
    this.#from = from;
    this.#record = record;
    this.#encoder = this.#begun();
  }

  get response(): JsonObject {
    const { response } = this.#encoder;
    return this.hasEnded || this.#isReleased ? response : { ...response, output: [] };
  }

  get hasEnded(): boolean {
    return this.#encoder.hasEnded;
  }

  encode(event: StoredEvent): string {
    if (this.#isReleased) return this.#encoder.encode(event);
    const { body } = event;
    if (body.type === "start") this.#start = event;
    if (body.type === "attempt-notice") {
      if (body.notice.discardOutput) this.#discard();
      return "";
    }
    // What nobody has been given is no output of a response that fails.
    if (body.type === "error") this.#discard();
    if (body.type === "text-delta") this.#characters += countCodePoints(body.text);
    this.#texts.push(this.#encoder.encode(event));
    const isEnough = this.#commit !== "complete" && this.#characters >= this.#commit;
    if (body.type !== "complete" && !isEnough) return "";
    this.#isReleased = true;
    const text = this.#texts.join("");
    this.#texts = [];
    return text;
  }

  heartbeat(): string {
    return this.#isReleased ? this.#encoder.heartbeat() : COMMENT;
  }

  fail(error: GatewayError): string {
    if (!this.#isReleased) this.#discard();
    return this.#encoder.fail(error);
  }

  #discard(): void {
    this.#texts = [];
    this.#characters = 0;
    this.#encoder = this.#begun();
  }

  #begun(): ResponsesStreamEncoder {
    const encoder = new ResponsesStreamEncoder(this.#from, this.#record);
    if (this.#start !== undefined) encoder.encode(this.#start);
    return encoder;
  }
}
