import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Clock } from "../clock.ts";

/** How long a connection that ends with an answer still accepts the client's data, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Saves the answer of an unfinished request whose connection ends with that answer. Node would close the connection
 * at once, and a client that still sends would get a reset instead of the answer (RFC 9112, 9.6). So only the
 * sending side is closed at first. Received data is dropped until the client closes its side, for at most two
 * seconds.
 */
export class Lingering {
  readonly #clock: Clock;
  readonly #ended = new WeakSet<Socket>();
  readonly #refused = new WeakSet<Socket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the connection has sent its last answer, so that further requests are not served. */
  has(socket: Socket): boolean {
    return this.#ended.has(socket);
  }

  /** Call for each request over HTTP/1.1. */
  watch(request: IncomingMessage): void {
    const { socket } = request;
    // Node calls this method to end the connection after the answer.
    const endAfterAnswer = (): void => {
      if (request.complete) {
        this.#ended.add(socket);
        return Socket.prototype.destroySoon.call(socket);
      }
      this.#end(socket, "");
    };
    socket.destroySoon = endAfterAnswer;
  }

  /** Whether the last answer of the connection was that of `refuse`. */
  hasRefused(socket: Socket): boolean {
    return this.#refused.has(socket);
  }

  /** Ends a connection whose bytes are no request with this answer. */
  refuse(socket: Socket, answer: string): void {
    this.#refused.add(socket);
    this.#end(socket, answer);
  }

  #end(socket: Socket, last: string): void {
    this.#ended.add(socket);
    socket.end(last);
    const stop = this.#clock.schedule(LINGER_MS, () => socket.destroy());
    socket.once("close", stop);
  }
}
