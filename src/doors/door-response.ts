import type { ServerResponse } from "node:http";
import { pushItemsTo } from "../domain/push-iterable.ts";
import { atOnce, drained, isClosed, whenGone } from "../rpc/http-writes.ts";
import type { DoorRefusal } from "./door.ts";

/** Headers for streams, which proxies would otherwise hold back. */
const EVENT_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

const JSON_HEADERS = { "content-type": "application/json" } as const;

/** The answer of one call at a door. */
export class DoorResponse {
  readonly #response: ServerResponse;
  /** Whether the method is HEAD, so that only headers are sent. */
  readonly #isHeadOnly: boolean;
  readonly #headers = new Map<string, string>();

  constructor(response: ServerResponse, isHeadOnly: boolean) {
    this.#response = response;
    this.#isHeadOnly = isHeadOnly;
  }

  /** Whether a status was sent. */
  get isBegun(): boolean {
    return this.#response.headersSent;
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  /** Calls `onGone` if the connection ends before the answer. */
  whenGone(onGone: () => void): void {
    whenGone(this.#response, onGone);
  }

  /**
   * Sends the pieces: events as they arrive, JSON at its end. `type` is called at each piece. Rejects with errors of the
   * pieces.
   */
  async send(pieces: AsyncIterable<string>, type: () => "json" | "events"): Promise<void> {
    let json: string | undefined;
    await pushItemsTo(pieces, (piece) => {
      if (type() !== "json") {
        return this.isBegun
          ? this.#write(piece)
          : atOnce(this.#response, () => this.#writeFirst(piece));
      }
      json = (json ?? "") + piece;
      return undefined;
    });
    if (json !== undefined) return this.#sendWhole(json);
    if (!this.isBegun) this.#begin(200, EVENT_HEADERS);
    this.#response.end();
  }

  /** With its length, an answer is one write of the connection and needs no chunks. */
  #sendWhole(json: string): void {
    if (isClosed(this.#response)) return;
    this.#begin(200, { ...JSON_HEADERS, "content-length": String(Buffer.byteLength(json)) });
    this.#response.end(this.#isHeadOnly ? undefined : json);
  }

  refuse({ status, headers, body }: DoorRefusal): void {
    if (isClosed(this.#response)) return;
    this.#begin(status, { ...JSON_HEADERS, ...headers });
    this.#response.end(this.#isHeadOnly ? undefined : JSON.stringify(body));
  }

  /** Ends a started answer with a last piece. */
  endWith(piece: string): void {
    this.#response.end(piece);
  }

  /** Ends the connection, so that a client does not take the end of the body for the end of the answer. */
  cut(): void {
    this.#response.destroy();
  }

  #begin(status: number, headers: Readonly<Record<string, string>>): void {
    const all: Record<string, string> = {};
    for (const [name, value] of this.#headers) all[name] = value;
    this.#response.writeHead(status, Object.assign(all, headers));
  }

  #writeFirst(piece: string): Promise<void> | undefined {
    this.#begin(200, EVENT_HEADERS);
    return this.#write(piece);
  }

  /** Resolves when the connection accepts more data, or is closed; undefined: it does already. */
  #write(piece: string): Promise<void> | undefined {
    if (this.#isHeadOnly || isClosed(this.#response)) return undefined;
    return this.#response.write(piece) ? undefined : drained(this.#response);
  }
}
