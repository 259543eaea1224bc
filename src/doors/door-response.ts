import type { ServerResponse } from "node:http";
import type { DoorRefusal } from "./door.ts";

/** Proxies hold back a stream that they take for a page. */
const EVENT_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

const JSON_HEADERS = { "content-type": "application/json" } as const;

/** The answer of one call at a door. */
export class DoorResponse {
  readonly #response: ServerResponse;
  /** The request was HEAD: headers go out, and nothing else. */
  readonly #isHeadOnly: boolean;
  readonly #headers = new Map<string, string>();

  constructor(response: ServerResponse, isHeadOnly: boolean) {
    this.#response = response;
    this.#isHeadOnly = isHeadOnly;
  }

  /** A status has gone out. */
  get isBegun(): boolean {
    return this.#response.headersSent;
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  /** Calls back where the connection ends before the answer does. */
  whenGone(onGone: () => void): void {
    const tell = (): void => {
      if (!this.#response.writableFinished) onGone();
    };
    if (this.#response.closed) tell();
    else this.#response.once("close", tell);
  }

  /** Sends the pieces as they come. `type` is asked when the first one is there. Rejects with what the pieces throw. */
  async send(pieces: AsyncIterable<string>, type: () => "json" | "events"): Promise<void> {
    for await (const piece of pieces) {
      if (!this.isBegun) this.#begin(200, type() === "json" ? JSON_HEADERS : EVENT_HEADERS);
      await this.#write(piece);
    }
    if (!this.isBegun) this.#begin(200, EVENT_HEADERS);
    this.#response.end();
  }

  refuse({ status, headers, body }: DoorRefusal): void {
    if (this.#response.closed) return;
    this.#begin(status, { ...JSON_HEADERS, ...headers });
    this.#response.end(this.#isHeadOnly ? undefined : JSON.stringify(body));
  }

  /** Ends an answer that has begun with a last piece. */
  endWith(piece: string): void {
    this.#response.end(piece);
  }

  /** Ends the connection: a client must not take the end of the body for the end of the answer. */
  cut(): void {
    this.#response.destroy();
  }

  #begin(status: number, headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(status, { ...Object.fromEntries(this.#headers), ...headers });
  }

  /** Resolves when the connection takes more, or is closed. */
  async #write(piece: string): Promise<void> {
    if (this.#isHeadOnly || this.#response.closed) return;
    if (this.#response.write(piece)) return;
    // Node drops what is written to a response whose socket is destroyed, and tells of its close alone.
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off("drain", done);
        this.#response.off("close", done);
        resolve();
      };
      this.#response.once("drain", done);
      this.#response.once("close", done);
      if (this.#response.closed) done();
    });
  }
}
