import { describe, expect, it } from "vitest";
import { encode, failure } from "../../support/stored-streams.ts";
import { createTestReaders, endOf, eventsOf, everything } from "../../support/test-reader.ts";

const shared = { isShared: true };

type Readers = Awaited<ReturnType<typeof createTestReaders>>;

describe("a cursor that does not fit the log", () => {
  it("is told that the stream is unknown", async () => {
    const set = await createTestReaders();
    const reading = set.read("s.unknown");
    await set.clock.advance(0);
    expect(reading.outcome()).toMatchObject({ reason: "STREAM_NOT_FOUND" });
  });

  it("field:S16 is no loss beside the writer, which creates its stream again", async () => {
    const set = await createTestReaders(shared);
    const { stream, add, end } = await set.own();
    await set.lose(stream.streamId);
    const reading = set.read(stream.streamId);
    await set.clock.advance(100);
    expect(reading.outcome()).toBeUndefined();
    add(2, 3);
    end();
    await set.clock.advance(1_000);
    expect(reading.seen).toEqual(["start", "e2", "e3", "end"]);
    expect(reading.outcome()).toBe("ended");
  });

  it("is told that its events are deleted", async () => {
    const set = await createTestReaders();
    const stream = await set.foreign(3, { retentionMs: 1_000 });
    await set.peer.append(endOf(stream, 4));
    await set.clock.advance(1_000);
    await set.peer.reap(3_600_000, 10);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    expect(reading.outcome()).toMatchObject({ kind: "not-found", reason: "STREAM_EXPIRED" });
  });

  it("ahead of the log and without a writer is told at once where the log ends", async () => {
    const set = await createTestReaders();
    const stream = await set.foreign(3);
    const reading = set.read(stream.streamId, { sequence: 4, writer: 0 });
    await set.clock.advance(0);
    expect(reading.outcome()).toMatchObject({
      reason: "SEQUENCE_AHEAD",
      metadata: { last_sequence: "3" },
    });
  });

  it("ahead of the log waits 3 s for its owner to heal it, and is then told of the loss", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(9);
    await set.loseTail(stream.streamId, 4);
    const cursor = { sequence: 8, writer: stream.token.nonce };
    const lost = set.read(stream.streamId, cursor);
    await set.clock.advance(2_999);
    expect(lost.outcome()).toBeUndefined();
    await set.clock.advance(200);
    expect(lost.outcome()).toMatchObject({ kind: "state-lost", metadata: { last_sequence: "4" } });

    const healed = set.read(stream.streamId, cursor);
    await set.clock.advance(1_500);
    await set.peer.append(eventsOf(stream, 5, 9));
    await set.peer.append(endOf(stream, 10));
    await set.clock.advance(200);
    expect(healed.seen).toEqual(["e9", "end"]);
    expect(healed.outcome()).toBe("ended");
  });

  it("of another lineage is told of the loss, and gets no event", async () => {
    const set = await createTestReaders();
    const stream = await set.foreign(9);
    const reading = set.read(stream.streamId, { sequence: 5, writer: stream.token.nonce + 1 });
    await set.clock.advance(0);
    expect(reading.seen).toEqual([]);
    expect(reading.outcome()).toMatchObject({
      kind: "state-lost",
      metadata: { last_sequence: "9" },
    });
  });

  it("is verified for a live reader, too: rewritten history is never spliced", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(6);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    // The store goes back, and another owner writes other events in their place.
    await set.loseTail(stream.streamId, 4);
    await set.peer.handOff(stream.streamId, stream.token, "planned");
    await set.peer.claim(stream.streamId, 1, { session: "another", nonce: 5 });
    await set.peer.append(eventsOf(stream, 5, 6, 5));
    await set.peer.append(eventsOf(stream, 7, 7, 5));
    await set.clock.advance(4_000);
    expect(reading.seen).toEqual(["start", "e2", "e3", "e4", "e5", "e6"]);
    expect(reading.outcome()).toMatchObject({ kind: "state-lost" });
  });
});

describe("a reader whose store is away", () => {
  it("is refused where nothing was read yet, and goes on where the store comes back", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(3);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.isDown = true;
    const late = set.read(stream.streamId);
    await set.clock.advance(0);
    expect(late.outcome()).toMatchObject({ kind: "state-unavailable" });
    // Polls fail, and it waits.
    await set.clock.advance(5_000);
    expect(reading.outcome()).toBeUndefined();
    set.faults.isDown = false;
    await set.peer.append(endOf(stream, 4));
    await set.clock.advance(3_000);
    expect(reading.seen).toEqual(everything(4));
  });

  it("ends after 10 s", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(3);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.isDown = true;
    await set.clock.advance(13_000);
    expect(reading.outcome()).toMatchObject({ kind: "state-unavailable" });
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("waits for no answer for ever", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(3);
    set.faults.hangs = true;
    const reading = set.read(stream.streamId);
    await set.clock.advance(10_000);
    expect(reading.outcome()).toMatchObject({ kind: "state-unavailable" });
  });

  it("has what its process writes, marked for as long as it is not stored", async () => {
    const set = await createTestReaders();
    const { stream, add, end } = await set.own();
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.isDown = true;
    add(2, 3);
    await set.clock.advance(2_000);
    expect(reading.seen).toEqual(["start", "beat 1 undurable", "e2", "e3"]);
    add(4, 4);
    await set.clock.advance(0);
    expect(reading.seen.at(-1)).toBe("e4");
    set.faults.isDown = false;
    await set.clock.advance(600);
    expect(reading.seen.at(-1)).toBe("beat 4");
    end();
    await set.clock.advance(0);
    expect(reading.outcome()).toBe("ended");
  });

  it("has the rest once the store is back, if it was too slow for what was shown meanwhile", async () => {
    const set = await createTestReaders();
    const { stream, add, end } = await set.own();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const reading = set.read(stream.streamId, undefined, 0, () => gate);
    await set.clock.advance(0);
    // More than it queues, and then the store goes.
    add(2, 400);
    set.faults.isDown = true;
    add(401, 500);
    await set.clock.advance(2_000);
    go();
    await set.clock.advance(100);
    end();
    await set.clock.advance(1_000);
    set.faults.isDown = false;
    await set.clock.advance(1_000);
    expect(reading.seen.filter((word) => !word.startsWith("beat"))).toEqual(everything(501));
    expect(reading.outcome()).toBe("ended");
  });

  it("ends with the stream that its writer could not store", async () => {
    const set = await createTestReaders({}, { durability: "required" });
    const { stream, add, owned, stopped } = await set.own();
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.isDown = true;
    add(2, 3);
    await set.clock.advance(10_000);
    expect(stopped).toEqual(["state-unavailable"]);
    await owned.add(encode("end"), { isContent: false, ending: failure });
    await set.clock.advance(11_000);
    expect(reading.seen).toEqual(["start"]);
    expect(reading.outcome()).toMatchObject({ kind: "state-unavailable" });
  });

  it.each([
    ["has lost the stream", async (set: Readers, streamId: string) => set.lose(streamId)],
    ["is behind", async (set: Readers, streamId: string) => set.loseTail(streamId, 1)],
  ])("goes on beside its writer while the store takes nothing and %s", async (_name, lose) => {
    const set = await createTestReaders();
    const { stream, add } = await set.own();
    add(2, 3);
    await set.clock.advance(0);
    set.faults.only = ["append", "create"];
    set.faults.isDown = true;
    add(4, 5);
    await set.clock.advance(2_000);
    await lose(set, stream.streamId);
    const reading = set.read(stream.streamId, { sequence: 4, writer: stream.token.nonce });
    await set.clock.advance(5_000);
    add(6, 6);
    await set.clock.advance(0);
    expect(reading.outcome()).toBeUndefined();
    expect(reading.seen.filter((word) => !word.startsWith("beat"))).toEqual(["e5", "e6"]);
  });
});
