import type { Clock } from "../clock.ts";
import type { Caller } from "../domain/caller.ts";
import type { Log } from "../domain/log-line.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { AcceptedCalls } from "./accepted-calls.ts";
import type { CallHead } from "./call.ts";
import { CallLines } from "./call-lines.ts";
import { Draining } from "./draining.ts";
import type { Interceptor } from "./interceptor.ts";
import {
  authentication,
  authorization,
  type CallCounts,
  callCounting,
  callSpans,
  defectLines,
  responseHeaders,
} from "./interceptors.ts";

export interface CallsOptions {
  /** Throws PERMISSION_DENIED for a web page of another origin. */
  readonly checkOrigin: (head: CallHead) => void;
  /** Throws UNAUTHENTICATED, or PERMISSION_DENIED if the host name is not one of this machine. */
  readonly authenticate: (head: CallHead) => Caller;
  /** Throws if a header breaks the rules of the call's protocol. */
  readonly checkHeaders: (head: CallHead) => void;
  readonly telemetry: Telemetry;
  readonly counts: CallCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly replica: string;
  /** Version of the service. */
  readonly version: string;
}

/** The interceptors around all operations of the service, for every door. */
export interface Calls {
  /** In the order in which a call meets them. */
  readonly interceptors: readonly Interceptor[];
  readonly log: Log;
  readonly lines: CallLines;
  readonly draining: Draining;
  readonly accepted: AcceptedCalls;
}

export function createCalls(options: CallsOptions): Calls {
  const { checkOrigin, authenticate, checkHeaders, telemetry, clock, log } = options;
  const lines = new CallLines(clock, log);
  const draining = new Draining();
  const accepted = new AcceptedCalls();
  const interceptors: readonly Interceptor[] = [
    defectLines(log),
    lines,
    callSpans(telemetry),
    callCounting(options.counts),
    draining,
    { admit: checkOrigin },
    authentication(authenticate),
    authorization,
    responseHeaders(options.replica, options.version),
    { admit: checkHeaders },
    accepted,
  ];
  return { interceptors, log, lines, draining, accepted };
}
