import { expect, it } from "vitest";
import { AttemptMeasure } from "../../../src/gateway/attempt-measure.ts";
import type { TargetLimits } from "../../../src/reliability/attempt-limits.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../../src/reliability/target-states.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";

const LIMITS: TargetLimits = {
  firstTokenMs: 1_000,
  idleMs: undefined,
  attemptMs: undefined,
  evidenceMs: 1_000,
  usageWaitMs: 0,
};

function setUp(streams: boolean, isCallStream = streams) {
  const state = new TargetStates(createManualClock(), DEFAULT_SETTINGS).of({
    provider: "a",
    model: "m",
  });
  const target = { spec: testSpec({ sampling: { maxOutputTokens: 100 } }), model: testModel() };
  const measure = (startedAt = 0) =>
    new AttemptMeasure(state, { target, isCallStream, streams, startedAt });
  return { state, measure };
}

it("a stream takes as long as nine of ten such prompts took to their first content", () => {
  const { measure } = setUp(true);
  expect(measure().usualMs()).toBeUndefined();
  for (let ms = 100; ms <= 1_000; ms += 100) {
    const each = measure();
    each.content(ms);
    // What comes behind the first content adds nothing.
    each.content(9_000);
  }
  expect(measure().usualMs()).toBe(900);
});

it("a stream with a long prompt takes as long as other long ones, whatever its output may be", () => {
  const { state } = setUp(true);
  const measure = (units: number) => {
    const parts = [{ type: "text" as const, text: "a".repeat(units) }];
    const spec = testSpec({ messages: [{ role: "user", parts }] });
    const target = { spec, model: testModel() };
    return new AttemptMeasure(state, { target, isCallStream: true, streams: true, startedAt: 0 });
  };
  for (let call = 0; call < 20; call++) {
    measure(100).content(100);
    measure(100_000).content(5_000);
  }
  expect(measure(100).usualMs()).toBe(100);
  expect(measure(100_000).usualMs()).toBe(5_000);
});

it("a whole answer takes as long as nearly all with its limit of output took", () => {
  const { state, measure } = setUp(false);
  for (let ms = 10; ms <= 1_000; ms += 10) {
    const each = measure();
    each.content(ms);
    each.succeeded(ms);
  }
  expect(measure(1_000).usualMs()).toBe(990);
  expect(state.whole.quantile(0.5, 1_000)).toBeUndefined();
});

it("a whole answer that the provider streams is measured to its end as well", () => {
  const { state, measure } = setUp(true, false);
  for (let call = 0; call < 5; call++) measure(100).succeeded(400);
  expect(state.whole.quantile(0.5, 400)).toBe(300);
  expect(state.answers.quantile(0.5, 100, 400)).toBe(300);
});

it("the end of a stream says nothing of whole answers", () => {
  const { state, measure } = setUp(true);
  for (let call = 0; call < 5; call++) measure().succeeded(400);
  expect(state.whole.quantile(0.5, 400)).toBeUndefined();
  expect(state.answers.quantile(0.5, 100, 400)).toBeUndefined();
});

it.each<[string, Partial<TargetLimits>, number, boolean]>([
  ["is slow with such prompts", {}, 1_000, true],
  ["was given less time than says anything", { firstTokenMs: 999 }, 1_000, false],
  ["was given more time than it may take", {}, 999, false],
  ["had no limit", { firstTokenMs: undefined }, 1_000, false],
])("a target that answered others meanwhile %s", (_name, limits, longestMs, isSlow) => {
  const { state, measure } = setUp(true);
  const permit = state.acquire({ caller: "one" });
  if ("state" in permit) throw new Error("not acquired");
  permit.delivered(500);
  for (let call = 0; call < 5; call++) {
    measure(100).timedOut({ ...LIMITS, ...limits }, longestMs, 1_100);
  }
  expect(measure(1_100).usualMs()).toBe(isSlow ? 1_000 : undefined);
});

it("a target that answered nobody meanwhile is not slow, but dead", () => {
  const { state, measure } = setUp(true);
  const permit = state.acquire({ caller: "one" });
  if ("state" in permit) throw new Error("not acquired");
  permit.delivered(99);
  for (let call = 0; call < 5; call++) measure(100).timedOut(LIMITS, 1_000, 1_100);
  expect(measure(1_100).usualMs()).toBeUndefined();
});
