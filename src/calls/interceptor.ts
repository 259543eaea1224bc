import type { Caller } from "../domain/caller.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Call, CallHead } from "./call.ts";
import type { CallFields } from "./call-fields.ts";

/** What is found out about a call before its request is read. */
export interface Admission {
  /** Undefined until an interceptor has said who calls. */
  caller: Caller | undefined;
  /** What the call's log line will say. */
  readonly fields: CallFields;
}

/** A call that will have a line in the log: one that begins, or one that is refused. */
export interface ObservedCall extends Pick<CallHead, "operation" | "system" | "header"> {
  readonly fields: CallFields;
  /** The interceptor of spans sets it. */
  telemetry: CallTelemetry;
}

/** How a call has ended. */
export interface CallEnd {
  /** Name of a code of gRPC: OK, where the call has succeeded. */
  readonly code: string;
  /** What was thrown; undefined: the call has succeeded. */
  readonly error: unknown;
  /** The first cause of `error` that callers are told of. */
  readonly cause: unknown;
}

/**
 * One thing that surrounds every call. A chain asks its interceptors in their order, and tells them of the end in
 * the opposite order. None of them is asked for each message of a stream.
 */
export interface Interceptor {
  /** The headers have come, and nothing of the request is read. Throws `GatewayError` to refuse the call. */
  admit?(head: CallHead, admission: Admission): void;
  /** The call begins, or has been refused by an interceptor. The result is called once, at its end. */
  observe?(call: ObservedCall): (end: CallEnd) => void;
  /**
   * The request is whole. Throws `GatewayError` to refuse the call. `end` ends the call with an error, whatever the call
   * is doing. The result is called once, at the call's end.
   */
  accept?(call: Call, end: (error: GatewayError) => void): (() => void) | undefined;
}
