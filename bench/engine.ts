// What the reliability engine adds to an undisturbed attempt, with nothing else in
// the process: `node bench/engine.ts`. The floor is the same attempt, run straight.
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
import { median } from "./measure.ts";

const ROUNDS = 7;
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
    stream: events > 2,
    repairs: false,
    trigger: "initial",
    endsAt: clock.now() + TOTAL_MS,
    signal: new AbortController().signal,
    hedge: undefined,
    begin: () => ({
      limits: LIMITS,
      open: () => answer(events),
      take: () => undefined,
      isDraining: false,
      committed: false,
      accept: () => {},
      isOwnLimit: () => false,
      end: () => {},
    }),
    skip: () => {},
    decided: () => {},
    recover: () => {},
    wait: () => () => {},
    unpaid: () => undefined,
    canContinue: () => false,
  };
  await engine.run(call, await engine.admit(call));
}

/** CPU microseconds of one run. */
async function cost(runs: number, one: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < runs; index++) await one();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

async function compare(runs: number, events: number) {
  const values: number[] = [];
  const floors: number[] = [];
  // The first round compiles.
  for (let round = 0; round <= ROUNDS; round++) {
    const value = await cost(runs, () => throughEngine(events));
    const floor = await cost(runs, () => straight(events));
    if (round === 0) continue;
    values.push(value);
    floors.push(floor);
  }
  return { value: median(values), floor: median(floors) };
}

const whole = await compare(CALLS, 2);
const streamed = await compare(STREAMS, STREAM_EVENTS);
const event = { value: streamed.value / STREAM_EVENTS, floor: streamed.floor / STREAM_EVENTS };
process.stdout.write(`${JSON.stringify({ call: whole, event })}\n`);
