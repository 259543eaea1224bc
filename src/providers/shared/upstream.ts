import type { Dispatcher } from "undici";
import type { Clock } from "../../clock.ts";
import type { ConnectionSettings } from "../../domain/connection-settings.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { InputWait } from "../../domain/input-wait.ts";
import { PushIterable, type Take, takeAll } from "../../domain/push-iterable.ts";
import { createDispatcher } from "./create-dispatcher.ts";
import { toTransportError } from "./http-error.ts";
import type { ResponseHeaders } from "./response-headers.ts";

/** A POST of one JSON body. */
export interface UpstreamRequest {
  /** Path and query from the root of the origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Longest time in milliseconds until the request is on a connected socket. */
  readonly connectTimeoutMs: number;
}

/** An answer whose headers have arrived. Its reader must end with `release` or `close`. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** The whole body. More than `maxBytes` (default 32 MiB) is an error of kind `protocol`. */
  text(maxBytes?: number): Promise<string>;
  /** The pieces of the body, until its end or its release. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the reading. Keeps the connection if the body ends soon, otherwise closes the socket. */
  release(): void;
  /** Closes the socket unless the body has ended or was released. */
  close(): void;
}

/** Connections to one origin. */
export interface Upstream {
  /**
   * Sends one request once: no retry, no redirect. Rejects with a `GatewayError` or, on abort, at once with the
   * signal's reason. An abort closes the socket until the response is released.
   */
  send(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse>;
  /** Closes every connection at once. The caller must know that no request runs, or that none may continue. */
  close(): Promise<void>;
}

/** Most bytes of a body that is read as a whole. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Unread bytes of a body above which the socket is paused. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** A released body must end within these bounds if the connection is to be kept. */
const MAX_DRAIN_BYTES = 64 * 1024;
const MAX_DRAIN_MS = 250;

type Mode = "buffer" | "text" | "drain" | "closed";

/** One request and its answer: the dispatcher's handler and the reader's response. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamResponse {
  readonly response: Promise<UpstreamResponse>;
  status = 0;
  headers: ResponseHeaders = {};

  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #controller: Dispatcher.DispatchController | undefined;
  #mode: Mode = "buffer";
  #chunks: Buffer[] = [];
  #bytes = 0;
  #maxBytes = MAX_BODY_BYTES;
  #ended = false;
  #failure: Error | undefined;
  #cancelTimer = (): void => {};
  #onHeaders: (response: UpstreamResponse) => void = () => {};
  #onFailure: (error: Error) => void = () => {};
  /** The reader's wait for data, the end or a failure. */
  readonly #wait = new InputWait();
  /** The reader of the body's pieces; undefined: the body is not read piece by piece. */
  #take: Take<Uint8Array> | undefined;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.response = new Promise((resolve, reject) => {
      this.#onHeaders = resolve;
      this.#onFailure = reject;
    });
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Limits the time until the request is on a socket; without effect if it already is. */
  limitConnect(connectTimeoutMs: number): void {
    if (this.#controller !== undefined || this.#failure !== undefined) return;
    this.#cancelTimer = this.#clock.schedule(connectTimeoutMs, () => {
      this.#fail(
        new GatewayError("connect-timeout", `no connection within ${connectTimeoutMs} ms`),
      );
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) return controller.abort(this.#failure);
    this.#cancelTimer();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    this.#onHeaders(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#take !== undefined && this.#wait.isWaiting) {
      return this.#wait.handOn(this.#take, chunk);
    }
    this.#bytes += chunk.length;
    if (this.#mode === "drain") {
      if (this.#bytes > MAX_DRAIN_BYTES) this.#fail(new Error("released"));
      return;
    }
    this.#chunks.push(chunk);
    if (this.#mode === "text") {
      if (this.#bytes > this.#maxBytes) this.#fail(tooLarge(this.#maxBytes));
      return;
    }
    if (this.#bytes > MAX_BUFFERED_BYTES) controller.pause();
    this.#wait.end();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#settle();
    this.#wait.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#failure !== undefined) return;
    const reached = this.#controller === undefined ? "nothing" : "provider";
    this.#fail(toTransportError(error, this.status === 0 ? reached : undefined));
  }

  async text(maxBytes = MAX_BODY_BYTES): Promise<string> {
    this.#mode = "text";
    this.#maxBytes = maxBytes;
    this.#controller?.resume();
    if (this.#bytes > maxBytes) this.#fail(tooLarge(maxBytes));
    while (!this.#ended) await this.#more();
    if (this.#bytes > maxBytes) throw tooLarge(maxBytes);
    const [first] = this.#chunks;
    if (first === undefined) return "";
    return (this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)).toString("utf8");
  }

  get body(): AsyncIterable<Uint8Array> {
    return new PushIterable((take) => this.#pass(take));
  }

  async #pass(take: Take<Uint8Array>): Promise<void> {
    this.#take = take;
    while (this.#mode === "buffer") {
      const chunks = this.#chunks;
      if (chunks.length > 0) {
        this.#chunks = [];
        this.#bytes = 0;
        this.#controller?.resume();
        await takeAll(chunks, take);
      } else if (this.#ended) return;
      else await this.#more();
    }
  }

  release(): void {
    if (this.#ended || this.#failure !== undefined || this.#mode === "drain") return;
    this.#mode = "drain";
    this.#chunks = [];
    this.#bytes = 0;
    this.#settle();
    this.#wait.end();
    this.#cancelTimer = this.#clock.schedule(MAX_DRAIN_MS, () => this.#fail(new Error("released")));
    this.#controller?.resume();
  }

  close(): void {
    if (this.#ended || this.#mode === "drain") return;
    this.#fail(new Error("closed"));
  }

  /** Waits for more data or the end. Throws the failure. */
  async #more(): Promise<void> {
    if (this.#failure === undefined) await this.#wait.begin();
    if (this.#failure !== undefined) throw this.#failure;
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#signal;
    this.#chunks = [];
    this.#fail(reason instanceof Error ? reason : new Error("aborted", { cause: reason }));
  };

  #fail(error: Error): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = error;
    this.#settle();
    this.#onFailure(error);
    this.#wait.end();
    this.#controller?.abort(error);
  }

  #settle(): void {
    this.#cancelTimer();
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("protocol", `the provider's answer is larger than ${maxBytes} bytes`);
}

/** Connections to the origin of `baseUrl`. */
export function createUpstream(
  baseUrl: string,
  clock: Clock,
  connection: ConnectionSettings = {},
): Upstream {
  const { origin } = new URL(baseUrl);
  const dispatcher = createDispatcher(origin, connection);

  return {
    async send({ path, headers, body, connectTimeoutMs }, signal) {
      signal.throwIfAborted();
      const exchange = new Exchange(clock, signal);
      dispatcher.dispatch({ origin, method: "POST", path, headers, body }, exchange);
      exchange.limitConnect(connectTimeoutMs);
      return exchange.response;
    },
    // The dispatcher's own `close` would wait for connection attempts without a request.
    close: () => dispatcher.destroy(),
  };
}
