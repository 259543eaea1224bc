// How long a reader waits for what, and how much it asks for at a time.
import { describe, expect, it } from "vitest";
import { encode } from "../../support/stored-streams.ts";
import { createTestReaders, endOf, eventsOf } from "../../support/test-reader.ts";

const shared = { isShared: true };

describe("a reader waits", () => {
  it("2 s for its first answer", async () => {
    const set = await createTestReaders();
    const stream = await set.foreign(3);
    set.faults.hangs = true;
    set.faults.only = ["read"];
    const reading = set.read(stream.streamId);
    await set.clock.advance(1_999);
    expect(reading.outcome()).toBeUndefined();
    await set.clock.advance(1);
    expect(reading.outcome()).toMatchObject({ kind: "state-unavailable" });
  });

  it("10 s for a store that is away, which it asks every 100 ms", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(3);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.isDown = true;
    // The first poll comes after 2 s of silence.
    await set.clock.advance(1_999);
    const before = Number(set.calls.get("read"));
    await set.clock.advance(1_001);
    expect(Number(set.calls.get("read")) - before).toBe(11);
    await set.clock.advance(8_999);
    expect(reading.outcome()).toBeUndefined();
    await set.clock.advance(1);
    expect(reading.outcome()).toMatchObject({ kind: "state-unavailable" });
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("3 s for a stream that is gone, whose writer may create it again", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(3);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    await set.lose(stream.streamId);
    await set.clock.advance(4_999);
    expect(reading.outcome()).toBeUndefined();
    await set.clock.advance(1);
    expect(reading.outcome()).toMatchObject({
      kind: "state-lost",
      metadata: { last_sequence: "0" },
    });
  });

  it("3 s for a log that is behind it", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(9);
    await set.loseTail(stream.streamId, 4);
    const reading = set.read(stream.streamId, { sequence: 8, writer: stream.token.nonce });
    await set.clock.advance(2_999);
    expect(reading.outcome()).toBeUndefined();
    await set.clock.advance(1);
    expect(reading.outcome()).toMatchObject({ kind: "state-lost" });
  });

  it.each(["hangs", "isDown"] as const)(
    "no longer than 2 s for pushes, and goes on by asking: the store %s",
    async (fault) => {
      const set = await createTestReaders(shared);
      const stream = await set.foreign(3);
      set.faults[fault] = true;
      set.faults.only = ["touchReaders"];
      const reading = set.read(stream.streamId);
      await set.clock.advance(fault === "hangs" ? 1_999 : 0);
      if (fault === "hangs") {
        expect(reading.seen).toEqual([]);
        await set.clock.advance(1);
      }
      expect(reading.seen).toEqual(["start", "e2", "e3"]);
      await set.peer.append(endOf(stream, 4));
      await set.clock.advance(2_000);
      expect(reading.outcome()).toBe("ended");
    },
  );
});

describe("a reader asks", () => {
  it("for 256 batches at a time, until there are no more", async () => {
    const set = await createTestReaders();
    const stream = await set.foreign(1);
    // The start is a batch as well.
    for (let sequence = 2; sequence <= 512; sequence++) {
      await set.peer.append(eventsOf(stream, sequence, sequence));
    }
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    expect([reading.seen.length, set.calls.get("read")]).toEqual([512, 2]);
    await set.peer.append(eventsOf(stream, 513, 513));
    const next = set.read(stream.streamId);
    await set.clock.advance(0);
    expect([next.seen.length, set.calls.get("read")]).toEqual([513, 5]);
  });

  it("no more once its stream has ended, nor a store that pushes before a silence", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(2);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    for (let sequence = 3; sequence < 10; sequence++) {
      await set.clock.advance(1_500);
      await set.peer.append(eventsOf(stream, sequence, sequence));
    }
    expect(set.calls.get("read")).toBe(1);
    await set.peer.append(endOf(stream, 10));
    await set.clock.advance(60_000);
    expect([set.calls.get("read"), reading.outcome()]).toEqual([1, "ended"]);
  });

  it("never a store of its own process, which loses no push", async () => {
    const set = await createTestReaders();
    const { stream } = await set.own();
    const reading = set.read(stream.streamId, undefined, 1_000);
    await set.clock.advance(10_000);
    expect(set.calls.get("read")).toBe(1);
    expect(reading.seen).toEqual(["start", ...Array.from({ length: 10 }, () => "beat 1")]);
    reading.abort.abort();
  });

  it("nothing of others for a stream that is written here, though replicas share the store", async () => {
    const set = await createTestReaders(shared);
    const { stream, add } = await set.own();
    const reading = set.read(stream.streamId);
    await set.clock.advance(10_000);
    expect([set.calls.get("read"), set.calls.has("touchReaders")]).toEqual([1, false]);
    add(2, 2);
    await set.clock.advance(0);
    expect(reading.seen).toEqual(["start", "e2"]);
    reading.abort.abort();
  });
});

it("a reader has no more time than its deadline, whatever it waits for", async () => {
  const set = await createTestReaders();
  const { stream } = await set.own();
  const error = new Error("the caller's time is over");
  const abort = new AbortController();
  const reader = set.log.reader({
    streamId: stream.streamId,
    cursor: { sequence: 0, writer: 0 },
    signal: abort.signal,
    heartbeatMs: 0,
    watch: undefined,
    deadline: { afterMs: 500, error: () => error },
  });
  let outcome: unknown;
  const reading = (async () => {
    for await (const delivery of reader.follow()) {
      expect(delivery).toEqual({ type: "events", events: [encode("start")] });
    }
  })().catch((thrown: unknown) => {
    outcome = thrown;
  });
  await set.clock.advance(499);
  expect(outcome).toBeUndefined();
  await set.clock.advance(1);
  await reading;
  expect(outcome).toBe(error);
  expect(set.clock.pendingTimers).toBe(0);
});
