import {
  constants,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { Clock } from "../clock.ts";
import { Code } from "../domain/error-table.ts";
import type { RpcStatus } from "./call.ts";
import type { Connection } from "./peer.ts";
import { ReadPacer } from "./read-pacer.ts";

/**
 * Allowance of a connection for useless streams, and its growth per second. A stream reset by the client costs one.
 * The growth is twice the resets of a client that hedges and cancels a hundred calls a second. The allowance is
 * twice the streams of a connection: a client may reset all of them, open others, and reset those.
 */
const ALLOWANCE = 2_000;
const GROWTH_PER_SECOND = 200;
const COST_OF_RESET = 1;
/** No client needs the same refusal twenty times a second. */
const COST_OF_REFUSAL = 10;
/** An answered call pays for one reset stream, because a proxy carries the calls of many clients. */
const GAIN_OF_ANSWER = 1;

interface Allowance {
  left: number;
  /** Time of the last update, by the clock. */
  at: number;
}

/**
 * Whether a closed stream was answered. Node seldom reports streams as aborted that are reset before their answer
 * begins.
 */
function isAnswered({ headersSent, rstCode }: ServerHttp2Stream): boolean {
  return headersSent && rstCode === constants.NGHTTP2_NO_ERROR;
}

function bytesOf(headers: Headers | IncomingHttpHeaders): number {
  let bytes = 0;
  if (headers instanceof Headers) {
    for (const [name, value] of headers) bytes += name.length + value.length;
    return bytes;
  }
  // `Object.entries` would create garbage for every refused call. A list counts with its commas.
  for (const name of Object.keys(headers)) bytes += name.length + String(headers[name]).length;
  return bytes;
}

/**
 * Ends connections whose clients reset streams, or are refused, in bulk. HTTP/2 connections get ENHANCE_YOUR_CALM.
 */
export class FloodGuard {
  readonly #clock: Clock;
  readonly #allowances = new WeakMap<Connection, Allowance>();
  readonly #pacer: ReadPacer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#pacer = new ReadPacer(clock);
  }

  /** Counts the streams of a session. */
  watch(session: Http2Session): void {
    session.on("stream", (stream: ServerHttp2Stream) => {
      stream.once("close", () => {
        this.#spend(session, isAnswered(stream) ? -GAIN_OF_ANSWER : COST_OF_RESET);
      });
    });
  }

  /**
   * Counts a refused call of this connection. A draining replica refuses everybody, which is not the client's
   * fault.
   */
  refused(
    connection: Connection,
    { code }: RpcStatus,
    headers: Headers | IncomingHttpHeaders,
  ): void {
    this.unknown(connection, headers);
    if (code !== Code.UNAVAILABLE) this.#spend(connection, COST_OF_REFUSAL);
  }

  /** Counts a call of this connection without a valid credential: it was refused, or its service needs none. */
  unknown(connection: Connection, headers: Headers | IncomingHttpHeaders): void {
    // An HTTP/1.1 connection has one call at a time.
    if (!("socket" in connection) || connection.destroyed) return;
    if (!this.#pacer.count(connection, bytesOf(headers))) end(connection);
  }

  #spend(connection: Connection, cost: number): void {
    const now = this.#clock.now();
    const allowance = this.#allowances.get(connection) ?? { left: ALLOWANCE, at: now };
    const grown = allowance.left + ((now - allowance.at) * GROWTH_PER_SECOND) / 1000;
    allowance.left = Math.min(ALLOWANCE, Math.min(ALLOWANCE, grown) - cost);
    allowance.at = now;
    this.#allowances.set(connection, allowance);
    if (allowance.left <= 0 && !connection.destroyed) end(connection);
  }
}

function end(connection: Connection): void {
  if (!("socket" in connection)) return void connection.destroy();
  // Destroying a session with an error emits that error.
  connection.on("error", ignore);
  const flood = new Error("the client floods its connection");
  connection.destroy(flood, constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

/**
 * A module-level function, because the memory of a session outlives the call and would keep the call's closures
 * alive.
 */
function ignore(): void {}
