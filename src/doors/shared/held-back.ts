// Output that a reader gets only once nothing can void it any more.
import { countCodePoints } from "../../domain/count-code-points.ts";
import { type GatewayError, invalidField } from "../../domain/gateway-error.ts";
import type { StoredEvent } from "../../domain/generation.ts";
import { COMMENT } from "./event-stream.ts";
import type { DiscardingEncoder, StreamEncoder } from "./stream-encoder.ts";

const HEADER = "x-steer-commit";
const WHOLE = "complete";

/** How much of an answer is held back: its first characters, or all of it until it is whole. */
export type Commit = number | typeof WHOLE;

/** What the call wants held back; undefined: nothing. Throws INVALID_ARGUMENT. */
export function commitOf(header: (name: string) => string | undefined): Commit | undefined {
  const given = header(HEADER);
  if (given === undefined || given === WHOLE) return given;
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw invalidField(HEADER, "must be complete, or a number of characters from 1 to 9999999");
}

/**
 * Holds back what an encoder writes until the answer is whole, or has so many characters. Until then a failure can be
 * rescued by an answer that begins again, and signs of life are comments.
 */
export class HeldBack implements StreamEncoder {
  readonly #encoder: DiscardingEncoder;
  readonly #commit: Commit;
  #texts: string[] = [];
  #characters = 0;
  #isReleased = false;

  constructor(encoder: DiscardingEncoder, commit: Commit) {
    this.#encoder = encoder;
    this.#commit = commit;
  }

  encode(event: StoredEvent): string {
    if (this.#isReleased) return this.#encoder.encode(event);
    const { body } = event;
    if (body.type === "attempt-notice" && body.notice.discardOutput) this.#discard();
    if (body.type === "text-delta") this.#characters += countCodePoints(body.text);
    this.#texts.push(this.#encoder.encode(event));
    const isEnough = this.#commit !== WHOLE && this.#characters >= this.#commit;
    if (body.type !== "complete" && !isEnough) return "";
    this.#isReleased = true;
    const text = this.#texts.join("");
    this.#texts = [];
    return text;
  }

  #discard(): void {
    this.#encoder.discard();
    this.#texts = [];
    this.#characters = 0;
  }

  heartbeat(): string {
    return this.#isReleased ? this.#encoder.heartbeat() : COMMENT;
  }

  fail(error: GatewayError): string {
    return this.#encoder.fail(error);
  }
}
