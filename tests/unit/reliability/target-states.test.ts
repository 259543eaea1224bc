import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/reliability/settings.ts";
import { TargetStates } from "../../../src/reliability/target-states.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const target = { provider: "a", model: "m" };

function learnt() {
  const clock = createManualClock();
  const states = new TargetStates(clock, DEFAULT_SETTINGS);
  const state = states.of(target);
  for (let failure = 0; failure < 100; failure++) state.circuit.tryAcquire()?.fail(1);
  state.instance.budget.spend(10);
  state.instance.out = { until: clock.now() + 60_000, kind: "quota" };
  return { states, state };
}

it("what is known of a target stays known while its instance is the same", () => {
  const { states, state } = learnt();
  expect(states.of({ ...target })).toBe(state);
  expect(states.of({ ...target, model: "other" }).instance).toBe(state.instance);
  expect(states.models("a").size).toBe(2);
});

it("an instance that is another one now begins without a past: circuit, budget and pause", () => {
  const { states, state } = learnt();
  expect(state.instance.budget.level).toBeLessThan(1);
  states.forget("a");
  expect(states.models("a").size).toBe(0);
  const fresh = states.of(target);
  expect(fresh.circuit.snapshot().windowRequests).toBe(0);
  expect(fresh.instance.budget.level).toBe(1);
  expect(fresh.instance.out).toBeUndefined();
  expect(states.instance("a")).toBe(fresh.instance);
});

it("the other instances keep their past", () => {
  const { states, state } = learnt();
  states.forget("b");
  expect(states.of(target)).toBe(state);
  expect(states.instance("a")).toBe(state.instance);
});

it("a reload changes the limits of the targets that are known, each its own", () => {
  const { states, state } = learnt();
  const other = states.of({ provider: "a", model: "other" });
  expect([state.limit.isFull("me"), other.limit.isFull("me")]).toEqual([false, false]);
  states.configure({
    ...DEFAULT_SETTINGS,
    targetLimits: new Map([["a/m", { maxInFlight: 0, callerShare: 1 }]]),
  });
  expect([state.limit.isFull("me"), other.limit.isFull("me")]).toEqual([true, false]);
});
