import { describe, expect, it } from "vitest";
import type { CallerShare } from "../../../src/reliability/caller-queue.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import type { AttemptPermit, TargetState } from "../../../src/reliability/target-state.ts";
import { TargetStates } from "../../../src/reliability/target-states.ts";
import { answered } from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const SENDER = { caller: "alice" };
const { refusedMs } = DEFAULT_SETTINGS.health;

function setUp() {
  const clock = createManualClock();
  const states = new TargetStates(clock, DEFAULT_SETTINGS);
  const state = states.of({ provider: "a", model: "m" });
  const neighbour = states.of({ provider: "a", model: "other" });
  return { clock, state, neighbour };
}

function acquired(state: TargetState): AttemptPermit {
  const permit = state.acquire(SENDER);
  if ("state" in permit) throw new Error(`not acquired: ${permit.state}`);
  return permit;
}

function ejected() {
  const set = setUp();
  const permits = Array.from({ length: 20 }, () => acquired(set.state));
  return {
    ...set,
    async eject() {
      for (const permit of permits.slice(0, 10)) permit.end(answered(503));
      await set.clock.advance(DEFAULT_SETTINGS.health.minSpanMs);
      for (const permit of permits.slice(10)) permit.end(answered(503));
      expect(set.state.circuit.state).toBe("open");
    },
  };
}

describe("a target that is out", () => {
  // A credential is the instance's, a permission is one target's.
  it.each([
    [401, true],
    [403, false],
  ])("after a %i is so for the whole instance: %s", (status, isAll) => {
    const { state, neighbour } = setUp();
    acquired(state).end(answered(status));
    expect(state.acquire(SENDER)).toMatchObject({ state: "out" });
    expect(neighbour.out !== undefined).toBe(isAll);
    expect(state.limit.inFlight).toBe(0);
  });

  it.each([401, 403])("is in again after its time: %i", async (status) => {
    const { clock, state } = setUp();
    acquired(state).end(answered(status));
    await clock.advance(refusedMs - 1);
    expect(state.health()).toMatchObject({ state: "out" });
    await clock.advance(1);
    expect(state.health()).toBeUndefined();
  });

  it.each([401, 403])("is in again with content of any call: %i", (status) => {
    const { state } = setUp();
    const late = acquired(state);
    acquired(state).end(answered(status));
    late.content(10, "streamed");
    expect(state.health()).toBeUndefined();
    late.end(undefined);
  });

  it.each([401, 403])("is in again with a reset: %i", (status) => {
    const { state } = setUp();
    acquired(state).end(answered(status));
    state.coolDown(1_000);
    state.reset();
    expect(state.health()).toBeUndefined();
    expect(state.cooldown).toBeUndefined();
  });

  it("is as long out as the longest of its failures says", async () => {
    const { clock, state } = setUp();
    const early = Array.from({ length: 2 }, () => acquired(state));
    early[0]?.end(answered(403));
    await clock.advance(refusedMs / 2);
    early[1]?.end(answered(403));
    await clock.advance(refusedMs - 1);
    expect(state.out).toBeDefined();
  });

  it("takes one probe at a time, whose end lets the next one in", () => {
    const { state } = setUp();
    acquired(state).end(answered(403));
    expect(state.panickedAt).toBe(Number.NEGATIVE_INFINITY);
    const probe = state.acquireProbe(SENDER);
    expect(state.panickedAt).not.toBe(Number.NEGATIVE_INFINITY);
    expect(state.acquireProbe(SENDER)).toBeUndefined();
    expect(state.limit.inFlight).toBe(1);
    probe?.end(answered(403));
    expect(state.acquireProbe(SENDER)).toBeDefined();
  });
});

it("a request that fails again says nothing of the target once another call has ended well", () => {
  const { state } = setUp();
  const request = { mark: "r", isRepeated: false };
  const failures = () => state.circuit.snapshot().windowFailures;
  acquired(state).end(answered(503), request);
  expect(failures()).toBe(1);
  const other = acquired(state);
  other.content(10, "streamed");
  const again = acquired(state);
  other.end(undefined);
  again.end(answered(503), request);
  expect(failures()).toBe(1);
  acquired(state).end(answered(503), { ...request, mark: "other" });
  expect(failures()).toBe(2);
});

describe("an ejected target", () => {
  it("takes one probe at a time, and one that is refused holds no place", async () => {
    const { state, eject } = ejected();
    await eject();
    const probe = state.acquireProbe(SENDER);
    expect(probe?.isProbe).toBe(true);
    expect(state.acquireProbe(SENDER)).toBeUndefined();
    expect(state.limit.inFlight).toBe(1);
    probe?.end(undefined);
    expect(state.limit.inFlight).toBe(0);
  });

  it("takes no call that waited for a place, which is free again", async () => {
    const { state, eject } = ejected();
    const share = state.limit.tryEnter("bob") as CallerShare;
    await eject();
    expect(state.limit.inFlight).toBe(1);
    expect(state.acquireQueued(share)).toMatchObject({ state: "open" });
    expect(state.limit.inFlight).toBe(0);
  });
});

describe("a pause", () => {
  it("is no shorter for a shorter one that follows, and no longer than the longest", async () => {
    const { clock, state } = setUp();
    expect(state.coolDown(1_000)).toBe(true);
    expect(state.coolDown(1_000)).toBe(false);
    expect(state.coolDown(999)).toBe(false);
    expect(state.coolDown(1_001)).toBe(true);
    await clock.advance(1_000);
    expect(state.health()).toMatchObject({ state: "cooling", isAsked: true });
    await clock.advance(1);
    expect(state.health()).toBeUndefined();
  });

  it("of a rate limit without a hint is ours, and takes the base of the waits", () => {
    const { clock, state } = setUp();
    acquired(state).end(answered(429));
    expect(state.cooldown).toEqual({
      until: clock.now() + DEFAULT_SETTINGS.retry.throttle.baseMs,
      kind: "rate-limit",
      isAsked: false,
    });
  });
});

describe("delivered content", () => {
  it("counts from its moment on", async () => {
    const { clock, state } = setUp();
    const permit = acquired(state);
    expect(state.deliveredSince(clock.now())).toBe(false);
    permit.delivered(clock.now());
    expect(state.deliveredSince(clock.now())).toBe(true);
    expect(state.deliveredSince(clock.now() + 1)).toBe(false);
    permit.end(undefined);
  });

  it("is measured as what the attempt was: a stream, or a whole answer", () => {
    const { clock, state } = setUp();
    for (let call = 0; call < 5; call++) {
      const permit = acquired(state);
      permit.content(100, "streamed");
      permit.end(undefined);
      const whole = acquired(state);
      whole.content(900, "whole");
      whole.end(undefined);
    }
    expect(state.streamed.quantile(0.5, clock.now())).toBe(100);
    expect(state.whole.quantile(0.5, clock.now())).toBe(900);
  });
});

describe("the counts of a target", () => {
  it("open a circuit that a reset closes, and leave the one of answers alone", async () => {
    const { clock, state } = setUp();
    const permits = Array.from({ length: 20 }, () => acquired(state.counts));
    for (const permit of permits.slice(0, 10)) permit.end(answered(503));
    await clock.advance(DEFAULT_SETTINGS.health.minSpanMs);
    for (const permit of permits.slice(10)) permit.end(answered(503));
    expect([state.counts.circuit.state, state.circuit.state]).toEqual(["open", "closed"]);
    state.reset();
    expect(state.counts.circuit.state).toBe("closed");
  });

  it("that succeed do not put an instance in again that is out, as content does", () => {
    const { state } = setUp();
    const count = acquired(state.counts);
    const answer = acquired(state);
    acquired(state).end(answered(401));
    count.content(10, "counted");
    expect(state.health()).toMatchObject({ state: "out" });
    answer.content(10, "streamed");
    expect(state.health()).toBeUndefined();
    count.end(undefined);
    answer.end(undefined);
  });

  it("have their places among those of answers", () => {
    const { state } = setUp();
    const count = acquired(state.counts);
    expect(state.limit.inFlight).toBe(1);
    count.end(undefined);
    expect(state.limit.inFlight).toBe(0);
  });
});
