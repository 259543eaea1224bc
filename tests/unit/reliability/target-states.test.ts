import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
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

const named = (model: string) => ({ provider: "a", model, isUnlisted: true as const });

it("names that requests make up are kept as long as they are among the latest", () => {
  const { states, state } = learnt();
  const kept = states.of(named("kept"));
  const gone = states.of(named("gone"));
  for (let made = 0; made < 255; made++) {
    states.of(named(`made-up-${made}`));
    expect(states.of(named("kept"))).toBe(kept);
  }
  expect(states.of(named("gone"))).not.toBe(gone);
  expect(states.of(named("kept"))).toBe(kept);
  // Those of a list, and those of other instances, are not among them.
  expect(states.of(target)).toBe(state);
  expect(states.models("a").size).toBe(257);
  expect([states.isUnlisted("a", "kept"), states.isUnlisted("a", "m")]).toEqual([true, false]);
  for (let made = 0; made < 300; made++) states.of(named(`another-${made}`));
  expect(states.models("a").size).toBe(257);
  expect(states.isUnlisted("a", "kept")).toBe(false);
});

it("what was forgotten of a name says nothing more", async () => {
  const clock = createManualClock();
  const states = new TargetStates(clock, DEFAULT_SETTINGS);
  const told: string[] = [];
  states.onChange(({ model }) => void told.push(model));
  const gone = states.of(named("gone"));
  for (let made = 0; made < 256; made++) states.of(named(`made-up-${made}`));
  for (const state of [gone, states.of(named("made-up-7"))]) {
    for (let failure = 0; failure < 5; failure++) {
      state.circuit.tryAcquire()?.fail(1);
      await clock.advance(1_000);
    }
  }
  expect(told).toEqual(["made-up-7"]);
});
