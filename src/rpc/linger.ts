import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Clock } from "../clock.ts";

/** How long a connection that ends with an answer goes on to take what its client still sends. */
const LINGER_MS = 2_000;

/**
 * Keeps the answer of a request that is not whole from being lost where the connection ends with that answer:
 * Node would close the connection at once, and a client that still sends would be met by a reset in place of the
 * answer (RFC 9112, 9.6). Only the sending side is closed at first. What comes is dropped until the client closes its
 * side, for two seconds at most.
 */
export class Lingering {
  readonly #clock: Clock;
  readonly #ended = new WeakSet<Socket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the connection has had its last answer: what it asks for is not served any more. */
  has({ socket }: IncomingMessage): boolean {
    return this.#ended.has(socket);
  }

  /** To be called for each request over HTTP/1.1. */
  watch(request: IncomingMessage): void {
    const { socket } = request;
    // Node ends the connection by this method once the answer is handed over.
    socket.destroySoon = () => {
      this.#ended.add(socket);
      if (request.complete) return Socket.prototype.destroySoon.call(socket);
      socket.end();
      const stop = this.#clock.schedule(LINGER_MS, () => socket.destroy());
      socket.once("close", stop);
    };
  }
}
