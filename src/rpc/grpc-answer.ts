import { type OutgoingHttpHeaders, validateHeaderValue } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { Code } from "../domain/error-table.ts";
import type { RpcStatus } from "./call.ts";
import { envelope } from "./envelope.ts";
import { refuseStream, statusHeaders } from "./refuse-stream.ts";

const OK = String(Code.OK);

/** The answer of one call over gRPC. After the first message or the end, nothing changes its headers any more. */
export class GrpcAnswer {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: Record<string, string> = {};
  readonly #trailers: Record<string, string> = {};
  #isEnded = false;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  /** Throws for a value that no header can contain. */
  setHeader(name: string, value: string): void {
    validateHeaderValue(name, value);
    this.#headers[name] = value;
  }

  /** Throws for a value that no trailer can contain. */
  setTrailer(name: string, value: string): void {
    validateHeaderValue(name, value);
    this.#trailers[name] = value;
  }

  /** The end of the answer is given to the stream, even if its client has not received it. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether nothing more can be sent: the answer has its end, or its client has left. */
  get isClosed(): boolean {
    const { closed, destroyed } = this.#stream;
    return this.#isEnded || closed || destroyed;
  }

  /** Sends a message. False: the next one should wait for `drained`. */
  add(message: Uint8Array): boolean {
    if (this.isClosed) return true;
    this.#begin();
    return this.#stream.write(envelope(0, message));
  }

  /** Resolves when the stream accepts more, or will send nothing more: `drain` never fires after its close. */
  drained(signal: AbortSignal): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        stream.off("drain", done);
        stream.off("close", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      stream.on("drain", done);
      stream.on("close", done);
    });
  }

  /** Ends a call that succeeded, with its last message. */
  succeed(message?: Uint8Array): void {
    if (this.isClosed) return;
    this.#isEnded = true;
    this.#trailers["grpc-status"] = OK;
    this.#begin();
    if (message === undefined) this.#stream.end();
    else this.#stream.end(envelope(0, message));
  }

  /** Ends a call that failed. */
  fail(status: RpcStatus): void {
    if (this.isClosed) return;
    this.#isEnded = true;
    const stream = this.#stream;
    if (!stream.headersSent) {
      // One block for headers and status. Separate headers would tell clients that the call must not be retried.
      return refuseStream(stream, status, { ...this.#headers, ...this.#trailers });
    }
    Object.assign(this.#trailers, status.trailers, statusHeaders(status));
    stream.end();
  }

  #begin(): void {
    const stream = this.#stream;
    if (stream.headersSent) return;
    const headers: OutgoingHttpHeaders = {
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-accept-encoding": ACCEPTED_ENCODINGS,
      ...this.#headers,
    };
    stream.respond(headers, { waitForTrailers: true });
    stream.once("wantTrailers", () => {
      stream.sendTrailers(this.#trailers);
      if (!stream.readableEnded) stream.session?.ping(() => closeUnread(stream));
    });
  }
}

/** Compressions of requests, for clients. */
const ACCEPTED_ENCODINGS = "identity,deflate,gzip";

/**
 * A client that keeps sending a request after its answer would keep its stream and the unread bytes alive. A reset
 * would overtake trailers, so it is sent after the answer to a PING.
 */
function closeUnread(stream: ServerHttp2Stream): void {
  if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
}
