import type { DescMessage, DescMethod, DescService, Message } from "@bufbuild/protobuf";

/** Who is at the other end of the connection. */
export interface Peer {
  /** IP address without port. */
  readonly address: string;
  /** Subject alternative names (DNS and URI) of a client certificate that the listener has verified. */
  readonly certificateNames: readonly string[];
}

/** One call as a listener hands it over, before anything of it is trusted. */
export interface IncomingCall {
  readonly method: DescMethod;
  /** `rpc.system.name` of OpenTelemetry. */
  readonly system: "grpc" | "connectrpc";
  readonly peer: Peer;
  /** Request header or metadata entry, lower-case name; the first value where there are several. */
  header(name: string): string | undefined;
  /** Milliseconds that the caller still gives, as of arrival; undefined without a deadline. */
  readonly timeoutMs: number | undefined;
  /** Aborted when the caller cancels, its deadline passes or the connection is lost. */
  readonly signal: AbortSignal;
  /** Must be called before the first message is handed back. */
  setResponseHeader(name: string, value: string): void;
  setTrailer(name: string, value: string): void;
}

/** Identity of a caller, from its credential only. */
export interface Caller {
  readonly id: string;
  readonly role: "caller" | "operator";
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
    super(status.message, { cause });
    this.status = status;
  }
}

/**
 * Everything between a listener and the handlers: caller, decoding, validation,
 * limits, error mapping, telemetry. Both listeners share one.
 * A request is either encoded (gRPC) or decoded by the listener's library.
 */
export interface Dispatcher {
  readonly services: readonly DescService[];
  /** For a listener that decodes: refuses before the request is read. Throws `RpcStatusError`. */
  admit(call: IncomingCall): void;
  unary(call: IncomingCall, request: Uint8Array | Message): Promise<Message>;
  /** Messages as the handler has them: encoded ones go out as they are. */
  serverStream(
    call: IncomingCall,
    request: Uint8Array | Message,
  ): AsyncIterable<Message | Uint8Array>;
  /** Calls running now. */
  readonly activeCalls: number;
  /** Refuses new calls with UNAVAILABLE/DRAINING from now on. */
  startDraining(): void;
  /** Ends what still runs, or hands it over: streams by their terminal event, unary calls by their status. */
  endCalls(): Promise<void>;
  /** Resolves when no call runs. */
  idle(): Promise<void>;
}
