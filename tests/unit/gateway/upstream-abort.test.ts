import { expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { type DrainedCall, UpstreamAbort } from "../../../src/gateway/upstream-abort.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

it("A-8: a bound of money is watched token by token, and no watched piece is told of as an estimate", () => {
  const clock = createManualClock();
  const counter = testCounter(clock, "character");
  const lifetime = new AbortController();
  const pricing = { currency: "USD", date: "", inputPicos: 0, outputPicos: 10, tiers: [] };
  const end = new UpstreamAbort({
    clock,
    counter,
    policy: { mode: "drain", maxTimeMs: 60_000, maxCostPicos: 50 },
    model: testModel({ pricing }),
    spec: testSpec(),
    options: {},
    stream: true,
    lifetime: lifetime.signal,
    hurry: new AbortController().signal,
  });
  const upstream = end.follow(lifetime.signal);
  lifetime.abort(new GatewayError("cancelled", "test"));
  expect([end.isDraining, upstream.aborted]).toEqual([true, false]);
  const told = counter.estimators.length;
  // One, one and two tokens: ten of the fifty are left, and one more token uses them up.
  for (const text of ["a", "b", "eight ch"])
    end.observe({ type: "text-delta", partIndex: 0, text });
  end.observe({ type: "part-end", partIndex: 0 });
  end.observe({ type: "usage", counts: { inputTokens: 5 } });
  expect(upstream.aborted).toBe(false);
  end.observe({ type: "tool-call-delta", partIndex: 1, argumentsFragment: "{}" });
  expect(upstream.aborted).toBe(true);
  expect(counter.estimators.length).toBe(told);
  end.stop();
  expect(clock.pendingTimers).toBe(0);
});

const PRICING = { currency: "USD", date: "", inputPicos: 0, outputPicos: 10, tiers: [] };
const cancelled = () => new GatewayError("cancelled", "test");

/** An attempt whose provider's signal is followed. */
function followed(changes: Partial<DrainedCall> = {}) {
  const clock = createManualClock();
  const lifetime = new AbortController();
  const hurry = new AbortController();
  const attempt = new AbortController();
  const end = new UpstreamAbort({
    clock,
    counter: testCounter(clock, "character"),
    policy: { mode: "drain", maxTimeMs: 1_000 },
    model: testModel({ pricing: PRICING }),
    spec: testSpec(),
    options: {},
    stream: true,
    lifetime: lifetime.signal,
    hurry: hurry.signal,
    ...changes,
  });
  const upstream = end.follow(attempt.signal);
  /** The caller has gone: the generation ends, and its attempt with it. */
  const cancel = (): void => {
    lifetime.abort(cancelled());
    attempt.abort(lifetime.signal.reason);
  };
  return { clock, end, attempt, hurry, upstream, cancel };
}

const bounded = (maxCostPicos: number) =>
  ({ mode: "drain", maxTimeMs: 1_000, maxCostPicos }) as const;
const longest = (tokens: number) => testSpec({ sampling: { maxOutputTokens: tokens } });

it.each<[string, Partial<DrainedCall>, boolean]>([
  ["without a bound of money", {}, true],
  ["without a bound of money, and without a price", { model: testModel() }, true],
  ["a stream within its money", { policy: bounded(1) }, true],
  ["nothing may be spent", { policy: bounded(0) }, false],
  ["a model without a price", { policy: bounded(1), model: testModel() }, false],
  [
    "a whole answer that can cost as much",
    { policy: bounded(50), stream: false, spec: longest(5) },
    true,
  ],
  [
    "a whole answer that can cost more",
    { policy: bounded(49), stream: false, spec: longest(5) },
    false,
  ],
  [
    "a whole answer within the model's own limit",
    {
      policy: bounded(50),
      stream: false,
      model: testModel({ pricing: PRICING, maxOutputTokens: 5 }),
    },
    true,
  ],
  ["a whole answer without a limit", { policy: bounded(1e9), stream: false }, false],
])("a cancelled call is read on, or closed: %s", (_name, changes, isReadOn) => {
  const { end, upstream, cancel } = followed(changes);
  cancel();
  expect([end.isDraining, upstream.aborted]).toEqual([isReadOn, !isReadOn]);
  end.stop();
});

it("what is read on ends with its time", async () => {
  const { clock, upstream, cancel } = followed();
  cancel();
  await clock.advance(999);
  expect(upstream.aborted).toBe(false);
  await clock.advance(1);
  expect(upstream.aborted).toBe(true);
});

it("what is read on ends at once where the process hurries, and what begins then is not read on", () => {
  const { hurry, upstream, cancel, end } = followed();
  cancel();
  hurry.abort();
  expect(upstream.aborted).toBe(true);
  end.stop();
  const late = followed();
  late.hurry.abort();
  late.cancel();
  expect([late.end.isDraining, late.upstream.aborted]).toEqual([false, true]);
});

it("what has ended watches nothing more", () => {
  const { clock, hurry, end, upstream, cancel } = followed();
  cancel();
  end.stop();
  hurry.abort();
  expect(upstream.aborted).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});

it("an attempt that fails, or whose rival has won, is closed at once", () => {
  const failed = followed();
  failed.attempt.abort(new GatewayError("idle-timeout", "test"));
  expect([failed.end.isDraining, failed.upstream.aborted]).toEqual([false, true]);
  const loser = followed();
  loser.attempt.abort(cancelled());
  expect([loser.end.isDraining, loser.upstream.aborted]).toEqual([false, true]);
});

it("with the policy to close, the provider's signal is the attempt's own", () => {
  const { attempt, upstream, end } = followed({ policy: { mode: "close", maxTimeMs: 1_000 } });
  expect(upstream).toBe(attempt.signal);
  expect(end.isDraining).toBe(false);
});

it("an attempt that has ended before it is followed is closed", () => {
  const { end } = followed();
  expect(end.follow(AbortSignal.abort(cancelled())).aborted).toBe(true);
});
