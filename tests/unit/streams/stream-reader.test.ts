import { describe, expect, it } from "vitest";
import { encode } from "../../support/stored-streams.ts";
import { createTestReaders, END, endOf, eventsOf, everything } from "../../support/test-reader.ts";

const shared = { isShared: true };

describe("a reader", () => {
  it("has every event once and in order, from every cursor, whoever writes the stream", async () => {
    const set = await createTestReaders(shared);
    const own = await set.own();
    own.add(2, 9);
    const foreign = await set.foreign(9);
    const readings = [own.stream, foreign].flatMap((stream) =>
      Array.from({ length: 10 }, (_, sequence) => ({
        sequence,
        reading: set.read(stream.streamId, {
          sequence,
          writer: sequence === 0 ? 0 : stream.token.nonce,
        }),
      })),
    );
    await set.clock.advance(0);
    own.add(10, 19);
    own.end();
    await set.peer.append(eventsOf(foreign, 10, 19));
    await set.peer.append(endOf(foreign, 20));
    await set.clock.advance(0);
    for (const { sequence, reading } of readings) {
      expect(reading.seen).toEqual(everything(20).slice(sequence));
      expect(reading.outcome()).toBe("ended");
      expect(reading.reader.terminal).toEqual(END);
    }
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("knows the last event of a stream that it has to its end", async () => {
    const set = await createTestReaders();
    const stream = await set.foreign(4);
    await set.peer.append(endOf(stream, 5, true));
    const reading = set.read(stream.streamId, { sequence: 5, writer: stream.token.nonce });
    await set.clock.advance(0);
    expect([reading.seen, reading.outcome()]).toEqual([[], "ended"]);
    expect(reading.reader.terminal).toEqual(END);
  });

  it("knows that event too where it was stored together with others", async () => {
    const set = await createTestReaders();
    const { stream, add, end } = await set.own();
    set.faults.isDown = true;
    add(2, 4);
    end();
    set.faults.isDown = false;
    await set.clock.advance(1_000);
    const reading = set.read(stream.streamId, { sequence: 5, writer: stream.token.nonce });
    await set.clock.advance(0);
    expect([reading.seen, reading.outcome()]).toEqual([[], "ended"]);
    expect(reading.reader.terminal).toEqual(END);
  });

  it("says when it has its first event and how it ended, once each", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(4);
    const { nonce: writer } = stream.token;
    const [whole, ahead, early] = [0, 9, 0].map((sequence) =>
      set.read(stream.streamId, { sequence, writer: 0 }, 1_000),
    );
    await set.clock.advance(0);
    early?.abort.abort();
    const idle = set.read(stream.streamId, { sequence: 4, writer }, 1_000);
    // A heartbeat is no event.
    await set.clock.advance(1_500);
    expect(idle.watched).toEqual([]);
    await set.peer.append(endOf(stream, 5));
    await set.clock.advance(5_000);
    expect(whole?.watched).toEqual(["first", undefined]);
    expect(idle.watched).toEqual(["first", undefined]);
    expect(ahead?.watched).toMatchObject([{ reason: "SEQUENCE_AHEAD" }]);
    expect(early?.watched).toMatchObject(["first", { kind: "cancelled" }]);
  });

  it("drops what comes twice, and takes only the new part of a batch", async () => {
    const set = await createTestReaders();
    const { stream, add, end } = await set.own();
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    const push = (first: number, last: number): void => {
      const { batch } = eventsOf(stream, first, last);
      set.log.bus.publish(stream.streamId, { type: "batch", batch, isLast: false });
    };
    add(2, 2);
    push(2, 2);
    add(3, 4);
    push(2, 4);
    end();
    await set.clock.advance(0);
    expect(reading.seen).toEqual(everything(5));
  });

  it("fills a gap out of the store", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(2);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.dropsPushes = true;
    await set.peer.append(eventsOf(stream, 3, 6));
    set.faults.dropsPushes = false;
    await set.peer.append(eventsOf(stream, 7, 7));
    await set.peer.append(endOf(stream, 8));
    await set.clock.advance(0);
    expect(reading.seen).toEqual(everything(8));
    expect(set.told).toContain("filled gap");
  });

  it("asks the store after 2 s of silence, so that a lost push is late and not lost", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(2);
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.dropsPushes = true;
    await set.peer.append(eventsOf(stream, 3, 3));
    await set.clock.advance(1_999);
    expect(reading.seen).toEqual(["start", "e2"]);
    await set.clock.advance(1);
    expect(reading.seen).toEqual(["start", "e2", "e3"]);
    await set.peer.append(endOf(stream, 4));
    await set.clock.advance(2_000);
    expect(reading.outcome()).toBe("ended");
    expect(set.told).toEqual(["filled poll", "filled poll"]);
  });

  it("asks as often however often it beats", async () => {
    const set = await createTestReaders(shared);
    const stream = await set.foreign(2);
    const reading = set.read(stream.streamId, { sequence: 0, writer: 0 }, 1_000);
    await set.clock.advance(0);
    set.faults.dropsPushes = true;
    await set.peer.append(endOf(stream, 3));
    await set.clock.advance(3_000);
    expect(reading.outcome()).toBe("ended");
  });

  it("holds a cursor and no queue: what is too much for it is read again", async () => {
    const set = await createTestReaders();
    const { stream, add, end } = await set.own();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const reading = set.read(stream.streamId, undefined, 0, () => gate);
    await set.clock.advance(0);
    add(2, 2_000);
    end();
    await set.clock.advance(0);
    expect(reading.seen).toEqual(["start"]);
    go();
    await set.clock.advance(0);
    expect(reading.seen).toEqual(everything(2_001));
    expect(reading.outcome()).toBe("ended");
    expect(set.told).toContain("filled overflow");
  });

  it("beats in silence only, with the position that it has reached", async () => {
    const set = await createTestReaders();
    const { stream, add, end } = await set.own();
    const reading = set.read(stream.streamId, undefined, 100);
    await set.clock.advance(99);
    expect(reading.seen).toEqual(["start"]);
    await set.clock.advance(1);
    add(2, 3);
    await set.clock.advance(99);
    expect(reading.seen).toEqual(["start", "beat 1", "e2", "e3"]);
    await set.clock.advance(1);
    expect(reading.seen.at(-1)).toBe("beat 3");
    end();
    await set.clock.advance(0);
    expect(reading.outcome()).toBe("ended");
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("ends at once with its call, whatever it waits for", async () => {
    const set = await createTestReaders();
    const { stream } = await set.own();
    const waiting = set.read(stream.streamId, undefined, 100);
    await set.clock.advance(0);
    waiting.abort.abort(new Error("the library's own reason"));
    await set.clock.advance(0);
    expect(waiting.outcome()).toMatchObject({ name: "GatewayError", kind: "cancelled" });
    const ahead = set.read(stream.streamId, { sequence: 7, writer: stream.token.nonce });
    await set.clock.advance(500);
    expect(ahead.outcome()).toBeUndefined();
    ahead.abort.abort(new Error("the library's own reason"));
    await set.clock.advance(0);
    expect(ahead.outcome()).toMatchObject({ name: "GatewayError", kind: "cancelled" });
    expect(set.clock.pendingTimers).toBe(0);
    expect(set.log.readerCount(stream.streamId)).toBe(0);
  });

  it("is refused where 64 read the stream here already", async () => {
    const set = await createTestReaders({}, { maxReaders: 2 });
    const { stream } = await set.own();
    const [first] = [set.read(stream.streamId), set.read(stream.streamId)];
    expect(() => set.read(stream.streamId)).toThrow(
      expect.objectContaining({ kind: "caller-limit", reason: "STREAM_READERS" }),
    );
    const whole = {
      streamId: stream.streamId,
      cursor: { sequence: 0, writer: 0 },
      heartbeatMs: 0,
      watch: undefined,
    };
    const { signal } = new AbortController();
    // Who waits for the end alone takes nobody's place, whoever came first.
    set.log.reader({ ...whole, signal }, true);
    first?.abort.abort();
    await set.clock.advance(0);
    expect(set.log.readerCount(stream.streamId)).toBe(2);
  });
});

describe("a reader whose writer changes", () => {
  it("goes on from the store where this process has left the stream", async () => {
    const set = await createTestReaders(shared);
    const { stream, owned, add } = await set.own();
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    add(2, 3);
    await set.peer.handOff(stream.streamId, owned.token, "planned");
    await set.peer.claim(stream.streamId, 1, { session: "another", nonce: 5 });
    // Fenced: this process tells its readers that it has left.
    add(4, 4);
    await set.clock.advance(0);
    await set.peer.append(eventsOf(stream, 4, 6, 5));
    await set.clock.advance(2_000);
    expect(reading.seen).toEqual(["start", "e2", "e3", "e4", "e5", "e6"]);
    expect(set.told).toContain("lost fenced");
    expect(set.told).toContain("filled left");
    reading.abort.abort();
    await set.clock.advance(0);
  });

  it.each([0, 5])(
    "is sent away by a replica that drains and does not write it, after %i events",
    async (behind) => {
      const set = await createTestReaders(shared);
      const stream = await set.foreign(3, { session: "another" });
      const reading = set.read(stream.streamId);
      await set.clock.advance(0);
      if (behind > 0) await set.peer.append(eventsOf(stream, 4, 3 + behind));
      await set.clock.advance(2_000);
      await set.log.handOffAll();
      await set.clock.advance(0);
      // What had come is delivered before.
      expect(reading.seen).toHaveLength(3 + behind);
      expect(reading.outcome()).toMatchObject({ kind: "gateway-overloaded", reason: "DRAINING" });
      // Its owner is not asked for anything.
      const [head] = await set.peer.heads([stream.streamId]);
      expect(head).toMatchObject({ phase: "running", handedOff: false, tail: 3 + behind });
    },
  );

  it("reads an ended stream to its end at a replica that drains", async () => {
    const set = await createTestReaders(shared);
    const { stream, add, end } = await set.own();
    add(2, 3);
    end();
    await set.clock.advance(0);
    const reading = set.read(stream.streamId);
    await set.log.handOffAll();
    await set.clock.advance(0);
    expect(reading.outcome()).toBe("ended");
    expect(reading.seen.length).toBeGreaterThan(3);
  });

  it("is sent to the replica that goes on, without an end of the stream", async () => {
    const set = await createTestReaders(shared);
    const { stream, add, stopped } = await set.own({ request: encode("request") });
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    add(2, 3);
    await set.log.handOffAll();
    add(4, 4);
    await set.clock.advance(0);
    expect(reading.seen).toEqual(["start", "e2", "e3"]);
    expect(reading.outcome()).toMatchObject({ kind: "gateway-overloaded", reason: "DRAINING" });
    expect(stopped).toEqual(["DRAINING"]);
    const [head] = await set.peer.heads([stream.streamId]);
    expect(head).toMatchObject({ phase: "running", handedOff: true, tail: 3 });
  });
});
