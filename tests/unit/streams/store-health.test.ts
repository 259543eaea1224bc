import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/clock.ts";
import { StoreHealth } from "../../../src/streams/store-health.ts";
import { StoreUnavailable } from "../../../src/streams/stream-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function createHealth() {
  const clock = createManualClock();
  const changes: boolean[] = [];
  const health = new StoreHealth(clock, (isDown) => void changes.push(isDown));
  return { clock, health, changes };
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

  it("waits no longer than it is told, and not at all afterwards", async () => {
    const { clock, health, changes } = createHealth();
    let asked = 0;
    const ask = (): Promise<number> => {
      asked++;
      return new Promise(() => {});
    };
    const hanging = health.admit(50, ask);
    await clock.advance(50);
    expect(await hanging).toBeUndefined();
    expect(await health.admit(50, ask)).toBeUndefined();
    expect([asked, changes]).toEqual([1, [true]]);
    health.mark(false);
    expect(await health.admit(50, () => 3)).toBe(3);
    expect(changes).toEqual([true, false]);
  });

  it("is down where the store says so, and a defect is not an outage", async () => {
    const { health, changes } = createHealth();
    const defect = health.admit(50, async () => {
      throw new TypeError("a defect");
    });
    await expect(defect).rejects.toThrow(TypeError);
    expect(health.isDown).toBe(false);
    const refused = health.admit(50, async () => {
      throw new StoreUnavailable("not-applied", "away");
    });
    expect(await refused).toBeUndefined();
    health.mark(true);
    expect(changes).toEqual([true]);
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
    expect(health.isDown).toBe(true);
  });
});
