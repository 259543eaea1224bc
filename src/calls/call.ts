import type { Caller } from "../domain/caller.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Operation } from "./operation.ts";

/** Who is at the other end of the connection. */
export interface Peer {
  /** IP address without port. */
  readonly address: string;
  /** Subject alternative names, as `altNamesOf` gives them, of a client certificate that the listener has verified. */
  readonly certificateNames: readonly string[];
}

/** `rpc.system.name` of OpenTelemetry; `http`: an operation of an HTTP API. */
export type CallSystem = "grpc" | "connectrpc" | "http";

/** A call of which the headers have come and nothing more, before anything of it is trusted. */
export interface CallHead {
  readonly operation: Operation;
  readonly system: CallSystem;
  readonly peer: Peer;
  /** `:authority` and `Host`, as many of them as were sent. */
  readonly hosts: readonly string[];
  /** Request header or metadata entry, lower-case name; the first value where there are several. */
  header(name: string): string | undefined;
  /** Lower-case names of the request's headers or metadata. */
  headerNames(): Iterable<string>;
}

/** A call whose caller is known and whose request is whole. Nothing of the request is decoded. */
export interface Call extends Pick<CallHead, "operation" | "system" | "header"> {
  readonly caller: Caller;
  /** Milliseconds that the caller still gives, as of arrival; undefined without a deadline. */
  readonly timeoutMs: number | undefined;
  /** Aborted when the caller cancels, its deadline passes or the connection is lost; and by `abort`. */
  readonly signal: AbortSignal;
  /** Ends the work on the call, whose caller is there and is told the error. */
  abort(error: GatewayError): void;
  /** Must be called before the first message is handed back. */
  setResponseHeader(name: string, value: string): void;
  setTrailer(name: string, value: string): void;
}
