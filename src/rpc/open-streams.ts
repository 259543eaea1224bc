import { GatewayError } from "../domain/gateway-error.ts";

/** Most concurrent streams of health checks and reflection, per connection and in total. */
const MAX_OF_CONNECTION = 256;
const MAX_OF_ALL = 2_048;

/**
 * Bounds the streams of services without credentials, because each holds memory for as long as its client likes.
 */
export class OpenStreams {
  readonly #ofConnection = new WeakMap<object, number>();
  #count = 0;

  /** Call the result when the stream has ended. Throws `caller-limit`. */
  enter(connection: object): () => void {
    const ofConnection = this.#ofConnection.get(connection) ?? 0;
    if (ofConnection >= MAX_OF_CONNECTION || this.#count >= MAX_OF_ALL) {
      const whose = ofConnection >= MAX_OF_CONNECTION ? "of this connection" : "at this replica";
      const message = `too many streams of health and reflection ${whose}`;
      throw new GatewayError("caller-limit", message, { reason: "OPEN_STREAMS" });
    }
    this.#ofConnection.set(connection, ofConnection + 1);
    this.#count++;
    return () => {
      this.#count--;
      this.#ofConnection.set(connection, (this.#ofConnection.get(connection) ?? 1) - 1);
    };
  }
}
