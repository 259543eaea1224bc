import type { ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import type { CallHead } from "../calls/call.ts";
import type { Clock } from "../clock.ts";
import { Code } from "../domain/error-table.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { type Arrival, type Encoding, type RpcStatus, RpcStatusError } from "./call.ts";
import { CALLER_GONE } from "./caller-gone.ts";
import { timeoutOf } from "./deadline.ts";
import { encodeError } from "./encode-error.ts";
import { HEAD_BYTES } from "./envelope.ts";
import { GrpcAnswer } from "./grpc-answer.ts";
import { readMessages } from "./requests/read-messages.ts";
import { readRequest } from "./requests/read-request.ts";
import { requestTooLarge } from "./requests/request-limits.ts";

export interface GrpcCallOptions {
  readonly stream: ServerHttp2Stream;
  /** As in `CallHead`. */
  readonly header: CallHead["header"];
  readonly arrival: Arrival;
  readonly clock: Clock;
}

/** Names of compressions in `grpc-encoding`; identity is none. */
const ENCODINGS: ReadonlyMap<string, Encoding | undefined> = new Map([
  ["identity", undefined],
  ["gzip", "gzip"],
  ["deflate", "deflate"],
]);

/** Without details, as gRPC libraries say it: the service may have decided nothing about the call. */
const DEADLINE_EXCEEDED: RpcStatus = Object.freeze({
  code: Code.DEADLINE_EXCEEDED,
  message: "Deadline exceeded",
  details: [],
  trailers: {},
});

/** A call over gRPC that is admitted: its request, its answer, and its end by the deadline or the caller. */
export class GrpcCall {
  readonly header: CallHead["header"];
  readonly arrival: Arrival;
  readonly answer: GrpcAnswer;
  readonly #stream: ServerHttp2Stream;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  /** By the clock; undefined: the call has no deadline. */
  readonly #deadline: number | undefined;
  readonly #stopTimer: (() => void) | undefined;

  constructor({ stream, header, arrival, clock }: GrpcCallOptions) {
    this.header = header;
    this.arrival = arrival;
    this.answer = new GrpcAnswer(stream);
    this.#stream = stream;
    this.#clock = clock;
    const timeoutMs = timeoutOf({ system: "grpc", header });
    if (timeoutMs !== undefined) {
      this.#deadline = clock.now() + timeoutMs;
      this.#stopTimer = clock.schedule(timeoutMs, () => this.#leave(DEADLINE_EXCEEDED));
    }
    stream.once("close", () => this.#leave());
  }

  /** Aborted when the caller no longer waits, and by `abort`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds to the deadline; undefined: the call has none. */
  get timeoutMs(): number | undefined {
    return this.#deadline === undefined ? undefined : this.#deadline - this.#clock.now();
  }

  abort(error: GatewayError): void {
    this.#controller.abort(error);
  }

  /** Ends the call with the status of an error. */
  fail(error: unknown): void {
    this.answer.fail(error instanceof RpcStatusError ? error.status : encodeError(error));
  }

  /** The single message of the request, inflated. Rejects with `GatewayError` or `RpcStatusError`. */
  async read(maxBytes: number): Promise<Buffer> {
    const encoding = this.#encoding();
    const body = { body: this.#stream, promised: null, maxBytes, encoding } as const;
    // A message that is too large is refused before its bytes have come.
    this.#stream.once("data", (first: Buffer) => {
      const length = first.length < HEAD_BYTES ? 0 : first.readUInt32BE(1);
      if (length > maxBytes) this.fail(requestTooLarge(maxBytes, "sent"));
    });
    return readRequest({ ...body, framing: "grpc" }, this.arrival);
  }

  /** Gives each message of the request to `take`, and waits for it. Rejects with the error of either. */
  async readEach(maxBytes: number, take: (message: Buffer) => Promise<void>): Promise<void> {
    const body = { stream: this.#stream, maxBytes, encoding: this.#encoding() };
    this.arrival.whenCut((error) => this.fail(error));
    return readMessages(body, this.arrival, take);
  }

  /** The message of a request of a service without credentials. */
  async readAs<Schema extends DescMessage>(
    schema: Schema,
    maxBytes: number,
  ): Promise<MessageShape<Schema>> {
    const bytes = await this.read(maxBytes);
    this.arrival.end();
    this.arrival.drop();
    return decodeAs(schema, bytes);
  }

  #encoding(): Encoding | undefined {
    const name = this.header("grpc-encoding") ?? "identity";
    if (ENCODINGS.has(name)) return ENCODINGS.get(name);
    const message = `requests cannot be compressed with ${name.slice(0, 50)}`;
    const trailers = { "grpc-accept-encoding": [...ENCODINGS.keys()].join(",") };
    throw new RpcStatusError(
      { code: Code.UNIMPLEMENTED, message, details: [], trailers },
      undefined,
    );
  }

  /** Ends what the call has begun. `status`: for a caller who is still there. */
  #leave(status?: RpcStatus): void {
    this.#stopTimer?.();
    const { answer, arrival } = this;
    const isGone = !answer.isEnded;
    if (status !== undefined) answer.fail(status);
    arrival.end();
    arrival.drop();
    if (isGone) this.#controller.abort(CALLER_GONE);
  }
}

/** Throws `validation` if the bytes are not of the type. */
export function decodeAs<Schema extends DescMessage>(
  schema: Schema,
  bytes: Uint8Array,
): MessageShape<Schema> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new GatewayError("validation", `the bytes are not a ${schema.typeName}`, { cause });
  }
}
