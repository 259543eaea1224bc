// The cost that the reliability engine adds to an undisturbed attempt, in a separate process: `node
// bench/engine.ts`. The floor is the same attempt, run directly.
import { systemClock } from "../src/clock.ts";
import type { ProviderEvent } from "../src/domain/provider-event.ts";
import { signOfEvent } from "../src/gateway/sign-of-event.ts";
import type { AttemptLimits } from "../src/reliability/attempt-timers.ts";
import type { RunnableCall, Target } from "../src/reliability/engine-call.ts";
import { policyInForce } from "../src/reliability/policy-in-force.ts";
import { ReliabilityEngine } from "../src/reliability/reliability-engine.ts";
import { DEFAULT_SETTINGS } from "../src/reliability/reliability-settings.ts";
import { runAttempt } from "../src/reliability/run-attempt.ts";
import { TargetStates } from "../src/reliability/target-states.ts";
import { testModel, testSpec } from "../tests/support/provider-request.ts";
import { compare, print } from "./in-process.ts";

const CALLS = 20_000;
const STREAMS = 400;
const STREAM_EVENTS = 500;
const LIMITS: AttemptLimits = { firstTokenMs: 120_000, idleMs: 60_000, attemptMs: undefined };
const TOTAL_MS = 600_000;

const clock = systemClock;
const states = new TargetStates(clock, DEFAULT_SETTINGS);
const engine = new ReliabilityEngine(clock, states);
const spec = testSpec();
const target: Target = { model: testModel() };

async function* answer(events: number): AsyncGenerator<ProviderEvent> {
  for (let index = 1; index < events; index++) {
    yield { type: "text-delta", partIndex: 0, text: "word " };
  }
  yield { type: "finish", reason: "stop", rawReason: "stop" };
}

function straight(events: number): Promise<void> {
  return runAttempt({
    clock,
    signal: new AbortController().signal,
    limits: LIMITS,
    open: () => answer(events),
    signOf: signOfEvent,
    onItem: () => undefined,
    isDraining: () => false,
  });
}

async function throughEngine(events: number): Promise<void> {
  const call: RunnableCall<Target, ProviderEvent> = {
    targets: [target],
    policy: policyInForce(spec.retry, spec.routing, states.settings.retry),
    caller: "bench",
    form: events > 2 ? "streamed" : "whole",
    repairs: false,
    trigger: "initial",
    broken: undefined,
    endsAt: clock.now() + TOTAL_MS,
    signal: new AbortController().signal,
    hedge: undefined,
    begin: () => ({
      limits: LIMITS,
      form: events > 2 ? "streamed" : "whole",
      signOf: signOfEvent,
      open: () => answer(events),
      take: () => undefined,
      isDraining: () => false,
      isCommitted: () => false,
      accept: () => undefined,
      isOwnLimit: () => false,
      end: () => {},
    }),
    skip: () => {},
    decided: () => {},
    recover: () => {},
    wait: () => () => {},
    unpaid: () => undefined,
    canContinue: () => false,
    requestMark: () => "",
  };
  await engine.run(call, await engine.acquire(call));
}

const measure = (runs: number, events: number) =>
  compare(
    runs,
    () => throughEngine(events),
    () => straight(events),
  );

const call = await measure(CALLS, 2);
const streamed = await measure(STREAMS, STREAM_EVENTS);
print({
  call,
  event: { value: streamed.value / STREAM_EVENTS, floor: streamed.floor / STREAM_EVENTS },
});
