import { describe, expect, it } from "vitest";
import { createMaintained } from "../../support/maintained.ts";
import { endOf } from "../../support/test-reader.ts";

describe("the maintenance of streams", () => {
  it("shows once a second that this replica lives, until it stops", async () => {
    const set = await createMaintained();
    await set.maintenance.start();
    await set.clock.advance(10_000);
    const renewals = set.calls.get("renewSession") ?? 0;
    expect(renewals).toBeGreaterThan(9);
    expect(renewals).toBeLessThan(15);
    const stream = await set.own();
    expect((await set.peer.orphans(10)).length).toBe(0);
    await set.maintenance.stop();
    expect((await set.peer.orphans(10))[0]?.streamId).toBe(stream.stream.streamId);
    await set.clock.advance(10_000);
    expect(set.calls.get("renewSession")).toBe(renewals);
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("goes on with its session where a look at the streams or a takeover has a defect", async () => {
    const failing = async (): Promise<"left"> => Promise.reject(new TypeError("no such target"));
    let isBroken = false;
    const set = await createMaintained(failing, () => {
      if (isBroken) throw new TypeError("no such field");
      return new Uint8Array();
    });
    await set.maintenance.start();
    await set.foreign(2, { session: "lost" });
    await set.clock.advance(1_000);
    expect(new Set(set.said)).toEqual(new Set(["TypeError: no such target"]));
    isBroken = true;
    const before = Number(set.calls.get("renewSession"));
    await set.clock.advance(5_000);
    expect(set.said).toContain("TypeError: no such field");
    expect(Number(set.calls.get("renewSession")) - before).toBeGreaterThan(3);
    expect(set.log.health.isDown).toBe(false);
    await set.maintenance.stop();
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("tells which streams of others are read here", async () => {
    const set = await createMaintained();
    const stream = await set.foreign(2);
    const reading = set.read(stream.streamId);
    await set.maintenance.start();
    await set.clock.advance(3_000);
    const [head] = await set.peer.heads([stream.streamId]);
    expect(Number(head?.now) - Number(head?.readersSeenAt)).toBeLessThan(1_000);
    reading.abort.abort();
    await set.maintenance.stop();
  });

  it("hears of a cancel while a stream stores nothing", async () => {
    const set = await createMaintained();
    const { stream, stopped } = await set.own();
    await set.maintenance.start();
    await set.peer.requestCancel(stream.streamId, "operator");
    await set.clock.advance(3_500);
    expect(stopped[0]).toBe("CANCELLED_BY_OPERATOR");
    await set.maintenance.stop();
  });

  it("asks after a cancel once a stream has stored nothing for two seconds, and no sooner", async () => {
    const set = await createMaintained();
    await set.maintenance.start();
    const { add } = await set.own();
    for (let sequence = 2; sequence < 7; sequence++) {
      add(sequence, sequence);
      await set.clock.advance(1_000);
    }
    expect(set.calls.get("heads")).toBeUndefined();
    await set.clock.advance(2_500);
    expect(set.calls.get("heads")).toBeGreaterThan(0);
    await set.maintenance.stop();
  });

  it("tells others of this replica, and hears of cancels, only where the store is shared", async () => {
    for (const isShared of [true, false]) {
      const set = await createMaintained(undefined, undefined, { isShared });
      await set.maintenance.start();
      await set.own();
      await set.clock.advance(10_000);
      const calls = ["putSnapshot", "heads"].map((method) => set.calls.has(method));
      expect(calls).toEqual([isShared, isShared]);
      await set.maintenance.stop();
    }
  });

  it("tells others what the snapshot is, under its session", async () => {
    const set = await createMaintained(undefined, () => Uint8Array.of(1, 2, 3));
    const told: unknown[] = [];
    const { putSnapshot } = set.store;
    Object.assign(set.store, {
      putSnapshot: (...args: Parameters<typeof putSnapshot>) => void told.push(args),
    });
    await set.maintenance.start();
    expect(told).toEqual([[set.log.session, Uint8Array.of(1, 2, 3)]]);
    await set.maintenance.stop();
  });

  it("takes over at most 16 streams at a time", async () => {
    const release: (() => void)[] = [];
    const set = await createMaintained(
      () => new Promise((resolve) => release.push(() => resolve("taken"))),
    );
    for (let count = 0; count < 40; count++) await set.foreign(2, { session: "lost" });
    await set.maintenance.start();
    await set.clock.advance(5_000);
    expect(set.adopted).toHaveLength(16);
    for (const resolve of release.splice(0, 5)) resolve();
    await set.clock.advance(1_000);
    expect(set.adopted).toHaveLength(21);
    expect(set.said).toHaveLength(5);
    await set.maintenance.stop();
  });

  it("takes over nothing once its replica ends, and shows that it lives until then", async () => {
    const set = await createMaintained();
    await set.maintenance.start();
    const before = await set.foreign(2, { session: "lost" });
    await set.clock.advance(1_000);
    expect(new Set(set.adopted)).toEqual(new Set([before.streamId]));
    set.maintenance.stopAdopting();
    const looks = set.adopted.length;
    const renewals = set.calls.get("renewSession") ?? 0;
    await set.foreign(2, { session: "lost" });
    await set.clock.advance(10_000);
    expect(set.adopted).toHaveLength(looks);
    expect(set.calls.get("renewSession")).toBeGreaterThan(renewals + 5);
    await set.maintenance.stop();
  });

  it("leaves alone what has an owner, and says nothing of what it has left", async () => {
    const set = await createMaintained();
    await set.foreign(2);
    await set.own();
    const orphan = await set.foreign(2, { session: "lost" });
    await set.maintenance.start();
    expect(set.adopted).toEqual([orphan.streamId]);
    expect(set.said).toEqual([]);
    await set.maintenance.stop();
  });

  it("removes what is past its time twice a minute, whatever replica wrote it", async () => {
    const set = await createMaintained();
    const ended = await set.foreign(2, { retentionMs: 5_000 });
    await set.peer.append(endOf(ended, 3));
    const running = await set.foreign(2, { retentionMs: 5_000 });
    await set.maintenance.start();
    await set.clock.advance(46_000);
    expect(set.said).toEqual(["reaped 1"]);
    const [gone, kept] = await set.peer.heads([ended.streamId, running.streamId]);
    expect([gone?.expiredAt !== undefined, kept?.expiredAt]).toEqual([true, undefined]);
    await set.maintenance.stop();
  });

  it("goes on removing at once while there is more than one look removes", async () => {
    const set = await createMaintained();
    for (let index = 0; index < 1_100; index++) {
      const ended = await set.foreign(1, { retentionMs: 1_000 });
      await set.peer.append(endOf(ended, 2));
    }
    await set.maintenance.start();
    await set.clock.advance(50_000);
    expect(set.said).toEqual(["reaped 500", "reaped 500", "reaped 100"]);
    await set.maintenance.stop();
  });

  it("lets go of what this replica owns and does not write", async () => {
    const set = await createMaintained();
    await set.maintenance.start();
    const { stream, add } = await set.own();
    add(2, 2);
    // A claim whose answer was lost, too.
    const orphan = await set.foreign(2, { session: "lost" });
    const [head] = await set.peer.heads([orphan.streamId]);
    if (head === undefined) throw new Error("no stream");
    set.faults.losesAnswers = true;
    set.faults.only = ["claim"];
    const hooks = { disconnect: { policy: "continue" as const }, stop: () => {} };
    await expect(set.log.claim(head, hooks)).rejects.toThrow();
    const owned = (await set.peer.heads([orphan.streamId]))[0];
    expect(owned).toMatchObject({ owner: set.log.session, handedOff: false });
    set.faults.losesAnswers = false;
    await set.clock.advance(2_000);
    expect(set.adopted).toContain(orphan.streamId);
    expect(set.adopted).not.toContain(stream.streamId);
    await set.maintenance.stop();
  });
});
