import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { type GatewayError, GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";

/** google.rpc.Code by name. */
export const Code = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The name of a code in `Code`, such as UNAVAILABLE; its digits if it has none. */
export function codeName(code: number): string {
  const found = Object.entries(Code).find(([, value]) => value === code);
  return found?.[0] ?? String(code);
}

/** Domain of every error of the gateway itself. */
const DOMAIN = "steer";

/** Position of a reader, sufficient to resume, also in another process. */
export interface StreamCursor {
  /** Empty until the stream is known. */
  readonly streamId: string;
  /** Sequence of the last event processed. */
  readonly sequence: number;
  /** Writer of that event. 0: the position is not verified. */
  readonly writer: number;
}

interface SteerErrorOptions {
  /** As in google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  readonly reason?: string | undefined;
  readonly detail?: GatewayError | undefined;
  readonly isFromGateway?: boolean;
  readonly retryDelayMs?: number | undefined;
  readonly pushbackMs?: number | undefined;
  readonly cursor?: StreamCursor | undefined;
  readonly cause?: unknown;
}

/** A failed call. */
export class SteerError extends Error {
  override readonly name = "SteerError";
  /** As in google.rpc.Code. */
  readonly code: number;
  /** Stable cause in UPPER_SNAKE_CASE; empty if the status comes from a library or a proxy. */
  readonly reason: string;
  /** The gateway's complete error: category, attempts, usage. */
  readonly detail: GatewayError | undefined;
  /** True if the gateway answered; otherwise the status comes from a library or a proxy. */
  readonly isFromGateway: boolean;
  /** True if the same call can succeed later. */
  readonly retryable: boolean;
  /** Shortest sensible wait before a repetition, in milliseconds. */
  readonly retryDelayMs: number | undefined;
  /** `grpc-retry-pushback-ms`: a negative value forbids automatic repetitions, any other asks for one. */
  readonly pushbackMs: number | undefined;
  /** Position of the stream's reader. */
  readonly cursor: StreamCursor | undefined;

  constructor(options: SteerErrorOptions) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause });
    const { code, detail, retryDelayMs } = options;
    this.code = code;
    this.detail = detail;
    this.reason = options.reason ?? detail?.reason ?? "";
    this.isFromGateway = options.isFromGateway ?? detail !== undefined;
    this.retryable = detail?.retryable ?? (!this.isFromGateway && code === Code.UNAVAILABLE);
    this.retryDelayMs = retryDelayMs ?? milliseconds(detail?.retryDelay);
    this.pushbackMs = options.pushbackMs;
    this.cursor = options.cursor;
  }

  /** The same error with the reader's position. */
  at(cursor: StreamCursor): SteerError {
    return new SteerError({ ...this, message: this.message, cause: this.cause, cursor });
  }
}

function milliseconds(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration);
}

/** A status, independent of the transport. */
export interface TransportStatus {
  readonly code: number;
  readonly message: string;
  /** Returns the detail of this type. */
  readonly find: <Schema extends DescMessage>(schema: Schema) => MessageShape<Schema> | undefined;
  /** Text of `grpc-retry-pushback-ms`. */
  readonly pushback: string | undefined;
  readonly cause: unknown;
}

/** The error of a call's status. */
export function errorOfStatus(status: TransportStatus): SteerError {
  const info = status.find(ErrorInfoSchema);
  const isFromGateway = info?.domain === DOMAIN;
  // A value that is not a number forbids a repetition, as in gRPC.
  const pushback = status.pushback === undefined ? undefined : Number(status.pushback);
  return new SteerError({
    code: status.code,
    message: status.message,
    reason: info?.reason,
    detail: status.find(GatewayErrorSchema),
    isFromGateway,
    retryDelayMs: milliseconds(status.find(RetryInfoSchema)?.retryDelay),
    pushbackMs: Number.isNaN(pushback) ? -1 : pushback,
    cause: status.cause,
  });
}

/** The error of an aborted call. `cause` is the reason of the signal. */
export function errorOfAbort({ reason }: AbortSignal): SteerError {
  const isTimeout = reason instanceof Error && reason.name === "TimeoutError";
  return isTimeout
    ? new SteerError({
        code: Code.DEADLINE_EXCEEDED,
        message: "the time of the caller's signal is up",
        cause: reason,
      })
    : new SteerError({
        code: Code.CANCELLED,
        message: "the caller's signal has ended it",
        cause: reason,
      });
}

/** The error of a stream's terminal event. */
export function errorOfEvent(detail: GatewayError | undefined): SteerError {
  if (detail === undefined)
    return new SteerError({ code: Code.UNKNOWN, message: "no error given" });
  return new SteerError({ code: detail.code, message: detail.message, detail });
}
