import { GatewayError } from "../domain/gateway-error.ts";

/** Most concurrent streams of health checks and reflection, per connection and in total. */
const MAX_OF_CONNECTION = 256;
const MAX_OF_ALL = 2_048;

const refusal = (whose: string): GatewayError =>
  new GatewayError("caller-limit", `too many streams of health and reflection ${whose}`, {
    reason: "OPEN_STREAMS",
  });
/** Frozen constants, so that the status of each is encoded once: one read of a connection can bring a thousand. */
const TOO_MANY_OF_CONNECTION = Object.freeze(refusal("of this connection"));
const TOO_MANY_OF_ALL = Object.freeze(refusal("at this replica"));

/**
 * Bounds the streams of services without credentials, because each holds memory for as long as its client likes.
 */
export class OpenStreams {
  readonly #ofConnection = new WeakMap<object, number>();
  #count = 0;

  /** Call the result when the stream has ended. Throws `caller-limit`. */
  enter(connection: object): () => void {
    const ofConnection = this.#ofConnection.get(connection) ?? 0;
    if (ofConnection >= MAX_OF_CONNECTION) throw TOO_MANY_OF_CONNECTION;
    if (this.#count >= MAX_OF_ALL) throw TOO_MANY_OF_ALL;
    this.#ofConnection.set(connection, ofConnection + 1);
    this.#count++;
    return () => {
      this.#count--;
      this.#ofConnection.set(connection, (this.#ofConnection.get(connection) ?? 1) - 1);
    };
  }
}
