import { ActivityCounters } from "../../src/activity/activity-counters.ts";
import { type Calls, type CallsOptions, createCalls } from "../../src/calls/calls.ts";
import { systemClock } from "../../src/clock.ts";
import { checkTimeout } from "../../src/rpc/deadline.ts";
import { noTelemetry } from "../../src/telemetry/telemetry.ts";

/** The interceptors of a service at which everybody is this caller. */
export function callsOf(id: string, options: Partial<CallsOptions> = {}): Calls {
  return createCalls({
    checkOrigin: () => {},
    authenticate: () => ({ id, role: "caller" }),
    checkHeaders: checkTimeout,
    telemetry: noTelemetry,
    counts: new ActivityCounters(),
    clock: systemClock,
    log: () => {},
    replica: "here",
    version: "1.2.3",
    ...options,
  });
}
