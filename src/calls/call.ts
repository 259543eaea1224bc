import type { Caller } from "../domain/caller.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Operation } from "./operation.ts";

/** The other end of the connection. */
export interface Peer {
  /** IP address without port. */
  readonly address: string;
  /** Subject alternative names, as `altNamesOf` gives them, of a client certificate that the listener has verified. */
  readonly certificateNames: readonly string[];
}

/** `rpc.system.name` of OpenTelemetry; `http`: an operation of an HTTP API. */
export type CallSystem = "grpc" | "connectrpc" | "http";

/** A call whose headers have arrived. Nothing of it is verified yet, and its body is not read. */
export interface CallHead {
  readonly operation: Operation;
  readonly system: CallSystem;
  readonly peer: Peer;
  /** All values of `:authority` and `Host` that were sent. */
  readonly hosts: readonly string[];
  /** A request header or metadata entry by its lower-case name. If it was sent several times, the first value. */
  header(name: string): string | undefined;
  /** Lower-case names of the request's headers or metadata. */
  headerNames(): Iterable<string>;
}

/** A call whose caller is known and whose request is whole. Nothing of the request is decoded. */
export interface Call extends Pick<CallHead, "operation" | "system" | "header"> {
  readonly caller: Caller;
  /** Time until the caller's deadline in milliseconds, measured at arrival; undefined without a deadline. */
  readonly timeoutMs: number | undefined;
  /** Aborted when the caller cancels, the deadline passes, the connection is lost, or `abort` is called. */
  readonly signal: AbortSignal;
  /** Ends the work on the call with this error, which the caller receives. */
  abort(error: GatewayError): void;
  /** Must be called before the first message of the answer. */
  setResponseHeader(name: string, value: string): void;
  setTrailer(name: string, value: string): void;
}
