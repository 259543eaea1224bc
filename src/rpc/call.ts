import type { DescMessage, DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { Call, CallHead } from "../calls/call.ts";
import type { Identified } from "../calls/call-chain.ts";
import type { Caller } from "../domain/caller.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { PushIterable } from "../domain/push-iterable.ts";
import type { RunningCount } from "../domain/running-count.ts";

/** A request that is answered by its first line and headers alone, without a method or a caller. */
export interface UnservedCall extends Pick<CallHead, "system" | "header"> {
  /** Undefined: the service has no such method. The requested name can be anything. */
  readonly method: DescMethod | undefined;
  readonly cause: "method-unknown" | "content-type" | "http-method" | "address" | "timeout";
}

/** A compression of requests, by its name in headers. */
export type Encoding = "gzip" | "deflate" | "br";

/** The request of a call while it is on its way. Its caller is known. `Refusal` is the error of the call's door. */
export interface Arrival<Refusal extends Error = RpcStatusError> {
  readonly caller: Caller;
  /** The error that ended the request before it was complete; undefined: none has. */
  readonly error: Refusal | undefined;
  /** Counts received bytes, as they are on the wire. */
  receive(bytes: number): void;
  /**
   * Calls `onCut` once if the request is ended before it is complete: it takes too long, has too many bytes, or its
   * caller was removed.
   */
  whenCut(onCut: (error: Refusal) => void): void;
  /** Called when the request is complete, or no longer expected. */
  end(): void;
  /**
   * Inflates a message to at most `maxBytes`, as soon as the bound on all inflated requests leaves room. Rejects
   * with `GatewayError` or `RpcStatusError`.
   */
  inflate(bytes: Uint8Array, encoding: Encoding, maxBytes: number): Promise<Buffer>;
  /**
   * Call when the bytes of the request are no longer needed, to free room for other requests. Can be called again.
   */
  drop(): void;
}

/** Requests that are not complete. Those of services without credentials are not counted, so that nobody unknown holds a drain. */
export interface Arrivals extends Pick<RunningCount, "active" | "idle"> {
  /** Ends the requests of these callers; the id of a request without a caller is empty. */
  endOf(isMeant: (caller: string) => boolean, error: GatewayError): void;
}

/** An RPC call whose request is complete. */
export interface IncomingCall extends Call {
  readonly method: DescMethod;
  readonly arrival: Arrival;
}

/** A complete, inflated request that is not decoded. */
export interface EncodedRequest {
  readonly format: "proto" | "json";
  readonly bytes: Uint8Array;
}

/** A message in a status with its type, which each protocol writes in its own form. */
export interface StatusDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** A status that both protocols can carry. */
export interface RpcStatus {
  /** As in google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** At most 4 KiB together. */
  readonly details: readonly StatusDetail[];
  readonly trailers: Readonly<Record<string, string>>;
}

/** The only error type that the dispatcher throws to a listener. */
export class RpcStatusError extends Error {
  override readonly name = "RpcStatusError";
  readonly status: RpcStatus;

  constructor(status: RpcStatus, cause: unknown) {
    // A stack trace would cost more than the rest of a refusal, and shows nothing useful. The cause has its own
    // stack.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(status.message, { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.status = status;
  }
}

/**
 * Connects listeners with the handlers of RPCs: runs the interceptors around every call and decodes its request.
 * Both listeners share one dispatcher. A request is not decoded before its caller is known.
 */
export interface Dispatcher {
  readonly services: readonly DescService[];
  /**
   * Identifies the caller and checks the call, before the listener reads the request. `connection` is shared by all
   * calls of a connection. Rejects with `RpcStatusError`.
   */
  admit(head: CallHead, connection: object): Promise<Arrival>;
  /** Like `admit`, for services without credentials whose calls are not logged. Refuses nobody. */
  expect(connection: object): Promise<Arrival>;
  /**
   * Begins a request of another door whose caller is known. The bounds on arriving requests apply to all doors
   * together. Rejects with the door's error.
   */
  arrive<Refusal extends Error>(
    call: Identified<Refusal>,
    connection: object,
  ): Promise<Arrival<Refusal>>;
  /** Writes the line of a call that a listener refuses by itself. */
  unserved(call: UnservedCall): void;
  /** `encode` is a part of the call: an error in it ends the call and is on its log line. */
  unary<Answer>(
    call: IncomingCall,
    request: EncodedRequest,
    encode: (response: Message) => Answer,
  ): Promise<Answer>;
  /** Messages of the handler. Encoded messages are sent unchanged. */
  serverStream(call: IncomingCall, request: EncodedRequest): PushIterable<Message | Uint8Array>;
  /** The unfinished requests of all doors. */
  readonly arrivals: Arrivals;
}
