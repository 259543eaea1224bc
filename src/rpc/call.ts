import type { DescMessage, DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { Call, CallHead } from "../calls/call.ts";
import type { Caller } from "../domain/caller.ts";
import type { GatewayError } from "../domain/gateway-error.ts";

/** A call that its first line and headers answer: no method is asked, and no caller looked for. */
export interface UnservedCall extends Pick<CallHead, "system" | "header"> {
  /** Undefined: the service has none of this name. What the client has called it can be anything. */
  readonly method: DescMethod | undefined;
  readonly cause: "method-unknown" | "content-type" | "http-method" | "address" | "timeout";
}

/** A compression that a request can come in, by its name in headers. */
export type Encoding = "gzip" | "deflate" | "br";

/** The request of a call while it is on its way. Its caller is known. `Refusal` is the error of the call's door. */
export interface Arrival<Refusal extends Error = RpcStatusError> {
  readonly caller: Caller;
  /** What ended it before it was whole. */
  readonly error: Refusal | undefined;
  /** Counts bytes that have come, as they are on the wire. */
  receive(bytes: number): void;
  /** Calls back once, if the request is ended before it is whole: it takes too long, there is too much of it, or its caller is none any more. */
  whenCut(onCut: (error: Refusal) => void): void;
  /** The request is whole, or nobody waits for it. */
  end(): void;
  /**
   * Inflates a message, which is not beyond `maxBytes`, as soon as there is room for it: what requests inflate to is
   * bounded in all. Rejects with `GatewayError` and `RpcStatusError`.
   */
  inflate(bytes: Uint8Array, encoding: Encoding, maxBytes: number): Promise<Buffer>;
  /** The bytes of the request are not needed any more: what it was inflated to makes room. May be called again. */
  drop(): void;
}

/** A call of an RPC whose request is whole. */
export interface IncomingCall extends Call {
  readonly method: DescMethod;
  readonly arrival: Arrival;
}

/** A request as it came: whole and inflated, and nothing of it decoded. */
export interface EncodedRequest {
  readonly format: "proto" | "json";
  readonly bytes: Uint8Array;
}

/** A message of a status with its type, which every protocol writes beside it. */
export interface StatusDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** A status as both protocols can carry it. */
export interface RpcStatus {
  /** As in google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** At most 4 KiB together. */
  readonly details: readonly StatusDetail[];
  readonly trailers: Readonly<Record<string, string>>;
}

/** The only error that reaches a listener from the dispatcher. */
export class RpcStatusError extends Error {
  override readonly name = "RpcStatusError";
  readonly status: RpcStatus;

  constructor(status: RpcStatus, cause: unknown) {
    // A stack costs more than all else of a refusal, and where a status was made tells nobody anything: the cause has
    // a stack of its own.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(status.message, { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.status = status;
  }
}

/**
 * Between a listener and the handlers of RPCs: the chain of what surrounds every call, and the request's decoding.
 * Both listeners share one. A request comes encoded: nothing of it is decoded before the caller is known.
 */
export interface Dispatcher {
  readonly services: readonly DescService[];
  /**
   * Finds out who calls, once, before the listener reads anything of the request. `connection` is shared by
   * the calls that come by it. Rejects with `RpcStatusError`.
   */
  admit(head: CallHead, connection: object): Promise<Arrival>;
  /** The same for services that ask for no credentials and keep their calls to themselves. Refuses nobody. */
  expect(connection: object): Promise<Arrival>;
  /**
   * A request of another door, whose caller is known: the bounds of requests on their way hold for all doors together.
   * `refuse` reports a request that is ended before it is whole.
   */
  arrive<Refusal extends Error>(
    caller: Caller,
    connection: object,
    refuse: (error: unknown) => Refusal,
  ): Promise<Arrival<Refusal>>;
  /** Writes the line of a call that a listener refuses by itself. */
  unserved(call: UnservedCall): void;
  /** `encode` is a part of the call: what it throws is the call's end, and on its log line. */
  unary<Answer>(
    call: IncomingCall,
    request: EncodedRequest,
    encode: (response: Message) => Answer,
  ): Promise<Answer>;
  /** Messages as the handler has them: encoded ones go out as they are. */
  serverStream(call: IncomingCall, request: EncodedRequest): AsyncIterable<Message | Uint8Array>;
  /** Ends requests of these callers that are not whole. */
  endArrivalsOf(isMeant: (caller: string) => boolean, error: GatewayError): void;
}
