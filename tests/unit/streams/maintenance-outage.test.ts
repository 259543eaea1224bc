import { describe, expect, it } from "vitest";
import { createMaintained } from "../../support/maintained.ts";
import { endOf } from "../../support/test-reader.ts";

describe("maintenance while the store is away", () => {
  it("starts without it, marks it, asks four times a second, and notices its return", async () => {
    const set = await createMaintained();
    set.faults.isDown = true;
    const starting = set.maintenance.start();
    await set.clock.advance(1_000);
    await starting;
    expect(set.log.health.isDown).toBe(true);
    const before = set.calls.get("renewSession") ?? 0;
    await set.clock.advance(10_000);
    const asked = Number(set.calls.get("renewSession")) - before;
    expect(asked).toBeGreaterThan(39);
    expect(asked).toBeLessThan(60);
    set.faults.isDown = false;
    await set.clock.advance(250);
    expect(set.log.health.isDown).toBe(false);
    expect(set.told).toEqual(["down", "up"]);
    await set.maintenance.stop();
  });

  it("waits a second at its start for a store that comes, and tries it every 50 ms", async () => {
    const set = await createMaintained();
    set.faults.isDown = true;
    let hasStarted = false;
    const starting = set.maintenance.start().then(() => {
      hasStarted = true;
    });
    await set.clock.advance(149);
    expect([set.calls.get("renewSession"), hasStarted]).toEqual([3, false]);
    set.faults.isDown = false;
    await set.clock.advance(1);
    await starting;
    expect([set.log.health.isDown, set.told]).toEqual([false, []]);
    await set.maintenance.stop();
  });

  it("does not wait longer than that second", async () => {
    const set = await createMaintained();
    set.faults.isDown = true;
    let hasStarted = false;
    const starting = set.maintenance.start().then(() => {
      hasStarted = true;
    });
    await set.clock.advance(999);
    expect(hasStarted).toBe(false);
    await set.clock.advance(1);
    await starting;
    await set.maintenance.stop();
  });

  it.each([
    ["renewSession", 1_000],
    ["check", 1_000],
    ["orphans", 3_000],
  ] as const)("gives %s %i ms to answer", async (method, limitMs) => {
    const set = await createMaintained();
    set.faults.hangs = true;
    set.faults.only = [method];
    void set.maintenance.start();
    await set.clock.advance(limitMs - 1);
    expect(set.log.health.isDown).toBe(false);
    await set.clock.advance(1);
    expect(set.log.health.isDown).toBe(true);
    set.faults.hangs = false;
    await set.clock.advance(5_000);
    expect(set.log.health.isDown).toBe(false);
    await set.maintenance.stop();
  });

  it("makes room in a store that has none, and goes on with all else", async () => {
    const set = await createMaintained();
    const ended = await set.foreign(2, { retentionMs: 5_000 });
    await set.peer.append(endOf(ended, 3));
    await set.maintenance.start();
    set.faults.isFull = true;
    await set.clock.advance(46_000);
    expect(set.said).toEqual(["reaped 1"]);
    expect(set.log.health.trouble?.cause).toBe("full");
    // Steps that are answered do not end the trouble of one that is not.
    expect(set.told).toEqual(["down"]);
    await set.maintenance.stop();
  });

  it("keeps its session where the store is slow and each answer takes almost a second", async () => {
    const set = await createMaintained();
    await set.maintenance.start();
    set.faults.delayMs = 900;
    set.faults.only = undefined;
    const before = Number(set.calls.get("renewSession"));
    await set.clock.advance(60_000);
    // Six seconds without a sign, and the streams of this replica are taken over.
    expect(Number(set.calls.get("renewSession")) - before).toBeGreaterThan(18);
    expect(set.log.health.isDown).toBe(false);
    set.faults.delayMs = 0;
    await set.clock.advance(5_000);
    await set.maintenance.stop();
  });

  it("waits for no answer for ever, whichever it is, and stops in time", async () => {
    for (const method of ["renewSession", "touchReaders", "orphans", "reap"] as const) {
      const set = await createMaintained();
      await set.maintenance.start();
      set.faults.hangs = true;
      set.faults.only = [method];
      await set.clock.advance(60_000);
      set.faults.hangs = false;
      await set.clock.advance(4_000);
      expect(set.log.health.isDown, method).toBe(false);
      expect(set.told, method).toContain("down");
      await set.maintenance.stop();
    }
    const set = await createMaintained();
    await set.maintenance.start();
    set.faults.hangs = true;
    let hasStopped = false;
    void set.maintenance.stop().then(() => {
      hasStopped = true;
    });
    await set.clock.advance(5_000);
    expect(hasStopped).toBe(true);
  });
});
