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
 * What a connection may ask for in vain. A stream that its client resets costs one, and the allowance grows
 * by so many a second: twice those of a client that hedges and cancels a hundred calls a second. The whole
 * is twice the streams of a connection: a client may break all of them off, open others, and do so again.
 */
const ALLOWANCE = 2_000;
const GROWTH_PER_SECOND = 200;
const COST_OF_RESET = 1;
/** No client has a use for the same refusal twenty times a second. */
const COST_OF_REFUSAL = 10;
/** A call with an answer pays for one that was broken off: a proxy brings the calls of many clients. */
const GAIN_OF_ANSWER = 1;

interface Allowance {
  left: number;
  /** When that was, by the clock. */
  at: number;
}

/** Of a stream that is closed. Node calls few of those aborted that are reset before their answer begins. */
function isAnswered({ headersSent, rstCode }: ServerHttp2Stream): boolean {
  return headersSent && rstCode === constants.NGHTTP2_NO_ERROR;
}

function bytesOf(headers: Headers | IncomingHttpHeaders): number {
  let bytes = 0;
  if (headers instanceof Headers) {
    for (const [name, value] of headers) bytes += name.length + value.length;
    return bytes;
  }
  // Not by entries, which would be garbage of every call that is refused. A list has its commas for no more than it is.
  for (const name of Object.keys(headers)) bytes += name.length + String(headers[name]).length;
  return bytes;
}

/** Ends connections whose clients reset streams, or are refused, in bulk: HTTP/2 with ENHANCE_YOUR_CALM. */
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

  /** A call by this connection was not let in. A replica that drains refuses everybody, which is no client's fault. */
  refused(
    connection: Connection,
    { code }: RpcStatus,
    headers: Headers | IncomingHttpHeaders,
  ): void {
    this.unknown(connection, headers);
    if (code !== Code.UNAVAILABLE) this.#spend(connection, COST_OF_REFUSAL);
  }

  /** A call by this connection for which no credential stands: it was refused, or asks for none. */
  unknown(connection: Connection, headers: Headers | IncomingHttpHeaders): void {
    // Over HTTP/1.1 a connection has one call at a time.
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
  // Whoever destroys a session by an error is told of that error.
  connection.on("error", ignore);
  const flood = new Error("the client floods its connection");
  connection.destroy(flood, constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

/** No function of a call: the memory of a session outlives it. */
function ignore(): void {}
