import { describe, expect, it } from "vitest";
import { createTestReaders } from "../../support/test-reader.ts";

const grace = { disconnect: { policy: "grace", graceMs: 10_000 } } as const;
const CANCELLED = ["CANCELLED_BY_DISCONNECT"];

describe("a stream whose last reader has gone", () => {
  it("runs for its grace from then on, and not longer", async () => {
    const set = await createTestReaders();
    const { stream, stopped } = await set.own({}, grace);
    const [first, last] = [set.read(stream.streamId), set.read(stream.streamId)];
    first.abort.abort();
    await set.clock.advance(60_000);
    expect(stopped).toEqual([]);
    last.abort.abort();
    await set.clock.advance(9_999);
    expect(stopped).toEqual([]);
    await set.clock.advance(1);
    expect(stopped).toEqual(CANCELLED);
  });

  it("goes on for who comes back in time, and has the whole grace again", async () => {
    const set = await createTestReaders();
    const { stream, stopped } = await set.own({}, grace);
    set.read(stream.streamId).abort.abort();
    await set.clock.advance(9_000);
    const again = set.read(stream.streamId);
    await set.clock.advance(60_000);
    again.abort.abort();
    await set.clock.advance(9_999);
    expect(stopped).toEqual([]);
    await set.clock.advance(1);
    expect(stopped).toEqual(CANCELLED);
  });

  it("ends at once where it is told to, and never where it is to go on", async () => {
    const set = await createTestReaders();
    const cancel = await set.own({}, { disconnect: { policy: "cancel" } });
    const goesOn = await set.own({}, { disconnect: { policy: "continue" } });
    for (const { stream } of [cancel, goesOn]) set.read(stream.streamId).abort.abort();
    await set.clock.advance(0);
    expect(cancel.stopped).toEqual(CANCELLED);
    await set.clock.advance(600_000);
    expect(goesOn.stopped).toEqual([]);
  });

  it("leaves nothing behind once it has ended", async () => {
    const set = await createTestReaders();
    const { stream, end, stopped } = await set.own({}, grace);
    set.read(stream.streamId).abort.abort();
    await set.clock.advance(1);
    expect(set.clock.pendingTimers).toBe(1);
    end();
    await set.clock.advance(0);
    expect([set.clock.pendingTimers, stopped, set.log.owned.size]).toEqual([0, [], 0]);
  });
});

describe("a reader that takes nothing", () => {
  it("counts as gone after 60 s, and is there again when it takes something", async () => {
    const set = await createTestReaders();
    const { stream, owned, add, stopped } = await set.own({}, grace);
    let go = (): void => {};
    let gate: Promise<void> | undefined = new Promise((resolve) => {
      go = resolve;
    });
    set.read(stream.streamId, undefined, 0, async () => gate);
    await set.clock.advance(0);
    add(2, 2);
    await set.clock.advance(59_999);
    owned.watchReaders();
    expect(set.clock.pendingTimers).toBe(0);
    await set.clock.advance(1);
    owned.watchReaders();
    await set.clock.advance(9_000);
    gate = undefined;
    go();
    await set.clock.advance(1_000);
    expect(stopped).toEqual([]);
    gate = new Promise(() => {});
    add(3, 3);
    await set.clock.advance(60_000);
    owned.watchReaders();
    await set.clock.advance(10_000);
    expect(stopped).toEqual(CANCELLED);
  });
});

describe("a stream that other replicas read", () => {
  it("runs for as long as one of them says so, and then for its grace", async () => {
    const set = await createTestReaders({ isShared: true });
    const { stream, stopped } = await set.own({}, grace);
    set.read(stream.streamId).abort.abort();
    for (let second = 0; second < 30; second++) {
      await set.peer.touchReaders([stream.streamId]);
      await set.clock.advance(1_000);
    }
    expect(stopped).toEqual([]);
    // The last sign was a second ago.
    await set.clock.advance(8_999);
    expect(stopped).toEqual([]);
    await set.clock.advance(1);
    expect(stopped).toEqual(CANCELLED);
  });

  it("ends 4 s after their last sign where it is to end with its readers", async () => {
    const set = await createTestReaders({ isShared: true });
    const { stream, stopped } = await set.own({}, { disconnect: { policy: "cancel" } });
    await set.peer.touchReaders([stream.streamId]);
    set.read(stream.streamId).abort.abort();
    await set.clock.advance(3_999);
    expect(stopped).toEqual([]);
    await set.clock.advance(1);
    expect(stopped).toEqual(CANCELLED);
  });

  it("ends without them where the store does not answer", async () => {
    const set = await createTestReaders({ isShared: true });
    const { stream, stopped } = await set.own({}, grace);
    await set.peer.touchReaders([stream.streamId]);
    set.read(stream.streamId).abort.abort();
    await set.clock.advance(0);
    set.faults.hangs = true;
    await set.clock.advance(12_000);
    expect(stopped).toEqual(CANCELLED);
  });

  it("names to the store those that are read here and written elsewhere", async () => {
    const set = await createTestReaders({ isShared: true });
    const own = await set.own();
    const foreign = await set.foreign(2);
    set.read(own.stream.streamId);
    const reading = set.read(foreign.streamId);
    expect(set.log.readElsewhere).toEqual([foreign.streamId]);
    await set.clock.advance(0);
    reading.abort.abort();
    await set.clock.advance(0);
    expect(set.log.readElsewhere).toEqual([]);
  });

  it("names none whose readers have taken nothing for a minute", async () => {
    const set = await createTestReaders({ isShared: true });
    const foreign = await set.foreign(2);
    const stuck = set.read(foreign.streamId, undefined, 0, () => new Promise(() => {}));
    await set.clock.advance(59_999);
    expect(set.log.readElsewhere).toEqual([foreign.streamId]);
    await set.clock.advance(1);
    expect(set.log.readElsewhere).toEqual([]);
    set.read(foreign.streamId);
    expect(set.log.readElsewhere).toEqual([foreign.streamId]);
    stuck.abort.abort();
  });
});
