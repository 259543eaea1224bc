import type { Caller } from "../domain/caller.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Call, CallHead } from "./call.ts";
import type { CallFields } from "./call-fields.ts";

/** Facts about a call that interceptors find before the request is read. */
export interface Admission {
  /** Undefined until an interceptor has identified the caller. */
  caller: Caller | undefined;
  /** Fields of the call's log line. */
  readonly fields: CallFields;
}

/** A call that gets a log line: one that begins, or one that is refused. */
export interface ObservedCall extends Pick<CallHead, "operation" | "system" | "header"> {
  readonly fields: CallFields;
  /** Set by the interceptor of spans. */
  telemetry: CallTelemetry;
}

/** How a call has ended. */
export interface CallEnd {
  /** Name of a gRPC status code; OK if the call succeeded. */
  readonly code: string;
  /** The thrown error; undefined if the call succeeded. */
  readonly error: unknown;
  /** The first cause of `error` that callers may see. */
  readonly cause: unknown;
}

/**
 * One concern around every call. A chain calls its interceptors in order, and notifies them of the end in reverse
 * order. No interceptor is called for a message of a stream.
 */
export interface Interceptor {
  /** Called when the headers have arrived, before the request is read. Throws `GatewayError` to refuse the call. */
  admit?(head: CallHead, admission: Admission): void;
  /**
   * Called when the call begins, or when an interceptor has refused it. The result is called once, at the end of
   * the call.
   */
  observe?(call: ObservedCall): (end: CallEnd) => void;
  /**
   * Called when the request is complete. Throws `GatewayError` to refuse the call. `end` ends the call with an
   * error at any time. The result is called once, at the end of the call.
   */
  accept?(call: Call, end: (error: GatewayError) => void): (() => void) | undefined;
}
