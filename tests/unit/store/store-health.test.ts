import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/clock.ts";
import { StoreHealth } from "../../../src/store/store-health.ts";
import { OTHER } from "../../../src/store/store-trouble.ts";
import { StoreUnavailable } from "../../../src/store/store-unavailable.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const REFUSED = { cause: "refused", code: "ECONNREFUSED" } as const;
const FULL = { cause: "full", code: "OOM" } as const;
const NEVER = new Promise<number>(() => {});

function createHealth() {
  const clock = createManualClock();
  const changes: string[] = [];
  const health = new StoreHealth(clock, (state) => {
    changes.push(state.state === "away" ? state.trouble.cause : "up");
  });
  /** A call that waits for its whole time, and then for as long as it takes to the next sample. */
  async function late(): Promise<void> {
    const asked = health.admit(50, () => NEVER);
    await clock.advance(50);
    expect(await asked).toBeUndefined();
    await clock.advance(200);
  }
  return { clock, health, changes, late };
}

describe("StoreHealth", () => {
  it("hands on what comes in time, without a timer where it is there at once", async () => {
    const { clock, health, changes } = createHealth();
    expect(await health.admit(50, () => 1)).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    const slow = health.admit(50, async () => {
      await clock.sleep(49, new AbortController().signal);
      return 2;
    });
    await clock.advance(49);
    expect(await slow).toBe(2);
    expect([clock.pendingTimers, changes]).toEqual([0, []]);
  });

  it("field:S14: one late answer, and several of one pause, say nothing of the store", async () => {
    const { clock, health, changes } = createHealth();
    const asked = Array.from({ length: 20 }, () => health.admit(50, () => NEVER));
    await clock.advance(50);
    expect(await Promise.all(asked)).toEqual(Array(20).fill(undefined));
    expect([health.isDown, changes]).toEqual([false, []]);
    expect(await health.admit(50, () => 3)).toBe(3);
  });

  it("field:S14: an answer that was late nine answers ago does not count", async () => {
    const { clock, health, changes, late } = createHealth();
    const inTime = async (): Promise<void> => {
      await health.admit(50, () => 1);
      await clock.advance(250);
    };
    await late();
    await clock.advance(50);
    for (let call = 0; call < 4; call++) await inTime();
    for (let call = 0; call < 4; call++) await late();
    expect(changes).toEqual([]);
    await late();
    expect(changes).toEqual(["late"]);
  });

  it("field:S14: a store is late where 5 of 8 answers are, and then nobody waits", async () => {
    const { clock, health, changes, late } = createHealth();
    for (let call = 0; call < 4; call++) await late();
    for (let call = 0; call < 3; call++) {
      expect(await health.admit(50, async () => 1)).toBe(1);
      await clock.advance(250);
    }
    expect(health.isDown).toBe(false);
    await late();
    expect(changes).toEqual(["late"]);
    let asked = 0;
    expect(await health.admit(50, () => ++asked)).toBeUndefined();
    expect([asked, health.isReadable]).toEqual([0, false]);
    // Signs that are late themselves do not end it.
    for (let second = 0; second < 10; second++) {
      health.succeeded(300, 50);
      await clock.advance(1_000);
    }
    expect(health.isDown).toBe(true);
    for (let second = 0; second <= 5; second++) {
      health.succeeded(3, 50);
      await clock.advance(1_000);
    }
    expect(changes).toEqual(["late", "up"]);
  });

  it("is down where the store says so, and a defect is not an outage", async () => {
    const { health, changes } = createHealth();
    const defect = health.admit(50, async () => {
      throw new TypeError("a defect");
    });
    await expect(defect).rejects.toThrow(TypeError);
    expect(health.isDown).toBe(false);
    const refused = health.admit(50, async () => {
      throw new StoreUnavailable("not-applied", "away", REFUSED);
    });
    expect(await refused).toBeUndefined();
    health.failed(REFUSED);
    expect([health.trouble, changes]).toEqual([REFUSED, ["refused"]]);
    // One that was out of reach is used as soon as it is there.
    health.succeeded(3, 50);
    expect(changes).toEqual(["refused", "up"]);
  });

  it("field:S6: a full store is used again after 5 s with room, and not before", async () => {
    const { clock, health, changes } = createHealth();
    for (let round = 0; round < 20; round++) {
      health.failed(FULL);
      await clock.advance(150);
      health.succeeded(1, 50);
      await clock.advance(100);
    }
    expect(changes).toEqual(["full"]);
    await clock.advance(4_750);
    health.succeeded(1, 50);
    expect(changes).toEqual(["full"]);
    await clock.advance(250);
    health.succeeded(1, 50);
    expect(changes).toEqual(["full", "up"]);
  });

  it("answers questions while it is full, and takes no stream", async () => {
    const { health } = createHealth();
    health.failed(FULL);
    expect(await health.admit(50, () => 1)).toBeUndefined();
    expect(await health.look(50, () => 2)).toBe(2);
    expect(await health.demand(50, () => 3)).toBe(3);
    const { health: unreachable } = createHealth();
    unreachable.failed(REFUSED);
    expect(await unreachable.look(50, () => 2)).toBeUndefined();
    await expect(unreachable.demand(50, () => 3)).rejects.toMatchObject({
      kind: "state-unavailable",
    });
  });

  it("field:S10: tells another cause once that has lasted, and one of several in a row", async () => {
    const { clock, health, changes } = createHealth();
    const password = { cause: "wrong-password", code: "WRONGPASS" } as const;
    for (let second = 0; second < 10; second++) {
      health.failed(REFUSED);
      health.failed(second < 2 ? REFUSED : password);
      await clock.advance(1_000);
    }
    expect(changes).toEqual(["refused", "wrong-password"]);
    const { clock: exact, health: changed, changes: causes } = createHealth();
    changed.failed(REFUSED);
    await exact.advance(4_999);
    changed.failed(password);
    expect(causes).toEqual(["refused"]);
    await exact.advance(1);
    changed.failed(password);
    expect(causes).toEqual(["refused", "wrong-password"]);
    // For as long as the line of its return says.
    expect(changed.state).toMatchObject({ state: "away", since: 0 });
    const { health: unknown, changes: told } = createHealth();
    for (const trouble of [OTHER, REFUSED, OTHER, password]) unknown.failed(trouble);
    // What says nothing gives way at once.
    expect(told).toEqual(["other", "refused"]);
  });

  it("a process that was held up reads what has come before it judges the store", async () => {
    const timers: (() => void)[] = [];
    let now = 0;
    const clock: Clock = {
      ...createManualClock(),
      now: () => now,
      schedule: (_, callback) => {
        timers.push(callback);
        return () => void timers.splice(timers.indexOf(callback), 1);
      },
    };
    const health = new StoreHealth(clock, () => {});
    const { promise: answer, resolve } = Promise.withResolvers<number>();
    const asked = [health.admit(50, () => answer), health.admit(50, () => new Promise(() => {}))];
    now = 200;
    for (const fire of timers.splice(0)) fire();
    resolve(4);
    expect(await asked[0]).toBe(4);
    expect(health.isDown).toBe(false);
    for (const fire of timers.splice(0)) fire();
    expect(await asked[1]).toBeUndefined();
  });
});
