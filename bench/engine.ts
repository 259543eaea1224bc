// The cost that the reliability engine adds to an undisturbed attempt, in a separate process: `node
// bench/engine.ts`. The floor is the same attempt, run directly.
import { systemClock } from "../src/clock.ts";
import type { ProviderEvent } from "../src/domain/provider-event.ts";
import { ReliabilityEngine } from "../src/reliability/attempts.ts";
import type { EngineCall, Target } from "../src/reliability/engine-call.ts";
import { policyInForce } from "../src/reliability/retry-policy.ts";
import { runAttempt } from "../src/reliability/run-attempt.ts";
import { DEFAULT_SETTINGS } from "../src/reliability/settings.ts";
import { TargetStates } from "../src/reliability/target-states.ts";
import type { AttemptLimits } from "../src/reliability/timeouts.ts";
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
    onEvent: () => undefined,
    isDraining: () => false,
  });
}

async function throughEngine(events: number): Promise<void> {
  const call: EngineCall<Target> = {
    targets: [target],
    policy: policyInForce(spec.retry, spec.routing, states.settings.retry),
    caller: "bench",
    stream: events > 2,
    repairs: false,
    trigger: "initial",
    endsAt: clock.now() + TOTAL_MS,
    signal: new AbortController().signal,
    hedge: undefined,
    begin: () => ({
      limits: LIMITS,
      streams: events > 2,
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
  await engine.run(call, await engine.admit(call));
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
