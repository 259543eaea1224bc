import { describe, expect, it } from "vitest";
import { encode, newStream } from "../../support/stored-streams.ts";
import { createTestLog } from "../../support/test-log.ts";
import { createTestReaders, END, eventsOf, isEnd } from "../../support/test-reader.ts";

const hooks = {
  disconnect: { policy: "continue" as const },
  stop: () => {},
  endUnstarted: () => END,
};
const keyed = { requestId: "request-1", fingerprint: "what was asked" };

describe("the beginning of a stream", () => {
  it("creates it, joins the one of its key, or refuses what means something else", async () => {
    const set = await createTestReaders();
    const { stream, end } = await set.own(keyed);
    const again = newStream({ ...keyed, session: set.log.session });
    expect(await set.log.begin(again, hooks)).toMatchObject({
      state: "joined",
      stream: { streamId: stream.streamId },
    });
    const other = newStream({ ...keyed, fingerprint: "something else" });
    await expect(set.log.begin(other, hooks)).rejects.toMatchObject({
      kind: "conflict",
      reason: "REQUEST_ID_REUSED",
    });
    end();
    const { caller, requestId } = stream;
    expect(await set.log.find(caller, requestId, keyed.fingerprint)).toMatchObject({
      streamId: stream.streamId,
      phase: "completed",
    });
    await expect(set.log.find(caller, requestId, "something else")).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
    expect(await set.log.find("another caller", requestId, "something else")).toBeUndefined();
  });

  it("waits 50 ms for the store, and is then unstored or refused", async () => {
    for (const durability of ["preferred", "required"] as const) {
      const set = await createTestReaders({}, { durability });
      set.faults.hangs = true;
      const begun = set.log.begin(newStream(), hooks).catch((error: unknown) => error);
      await set.clock.advance(50);
      expect(await begun).toMatchObject(
        durability === "preferred" ? { state: "unavailable" } : { kind: "state-unavailable" },
      );
      // One late answer says nothing of the store.
      expect(set.told).toEqual([]);
    }
  });

  it("field:S8: is not stored by a store that is full of running streams", async () => {
    const set = await createTestReaders({ maxBytes: 100 });
    const begun = await set.log.begin(newStream({ start: encode("x".repeat(200)) }), hooks);
    expect(begun).toEqual({ state: "unavailable", isLate: false });
    expect(set.log.owned.size).toBe(0);
    expect([set.log.health.trouble?.cause, set.told]).toEqual(["full", ["down"]]);
  });
});

describe("a stream that several replicas know", () => {
  it("is ended by a cancel at any of them, and the first reason holds", async () => {
    const set = await createTestReaders({ isShared: true });
    const other = createTestLog({ clock: set.clock, store: set.peer, isTerminal: isEnd });
    const { stream, stopped } = await set.own();
    await other.requestCancel(stream.streamId, "operator");
    await set.clock.advance(0);
    expect(stopped).toEqual(["CANCELLED_BY_OPERATOR"]);
    const after = await set.log.requestCancel(stream.streamId, "caller");
    expect(after?.cancel).toBe("operator");
    expect(stopped).toEqual(["CANCELLED_BY_OPERATOR", "CANCELLED_BY_OPERATOR"]);
    expect(await other.requestCancel("s.unknown", "caller")).toBeUndefined();
  });

  it("is gone on with by the one that claims it, for its readers here as well", async () => {
    const set = await createTestReaders({ isShared: true });
    const stream = await set.foreign(3, { session: "lost" });
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    const [head] = await set.peer.heads([stream.streamId]);
    if (head === undefined) throw new Error("no stream");
    const claimed = await set.log.claim(head, hooks);
    expect(claimed?.record).toMatchObject({ tail: 3, takeovers: 1, owner: set.log.session });
    expect(await set.log.claim(head, hooks)).toBeUndefined();
    void claimed?.owned.add(encode("e4"), { isContent: true });
    await set.clock.advance(0);
    expect(reading.seen).toEqual(["start", "e2", "e3", "e4"]);
    // The owner before is fenced.
    expect(await set.peer.append(eventsOf(stream, 4, 4))).toEqual({ state: "fenced" });
  });

  it("is handed off where another can run it; what cannot stays", async () => {
    const set = await createTestReaders({ isShared: true });
    const movable = await set.own({ request: encode("request") });
    const bound = await set.own({ request: undefined });
    set.faults.hangs = true;
    let hasLeft = false;
    const leaving = set.log.handOffAll().then(() => {
      hasLeft = true;
    });
    // The generation ends at once, whatever the store does.
    expect(movable.stopped).toEqual(["DRAINING"]);
    expect(bound.stopped).toEqual([]);
    // The process must not end before the store has its answers, or is given up.
    await set.clock.advance(0);
    expect(hasLeft).toBe(false);
    await set.clock.advance(2_000);
    await leaving;
    const owned = set.log.owned.values().map(({ streamId }) => streamId);
    expect(owned).toEqual([bound.stream.streamId]);
  });
});

describe("a reader that comes while the store takes nothing", () => {
  it.each([0, 2, 4, 5])(
    "field:S5: has all that the others have, and the end: from event %i on",
    async (sequence) => {
      const set = await createTestReaders({ isShared: true });
      const { stream, add, end } = await set.own();
      const first = set.read(stream.streamId);
      add(2, 3);
      await set.clock.advance(0);
      set.faults.isDown = true;
      set.faults.only = ["append"];
      add(4, 5);
      await set.clock.advance(2_000);
      const later = set.read(stream.streamId, { sequence, writer: stream.token.nonce });
      await set.clock.advance(0);
      add(6, 6);
      await set.clock.advance(0);
      end();
      await set.clock.advance(0);
      const all = ["start", "e2", "e3", "e4", "e5", "e6", "end"];
      const seen = later.seen.filter((word) => !word.startsWith("beat"));
      expect(seen).toEqual(all.slice(sequence));
      expect([later.outcome(), first.outcome()]).toEqual(["ended", "ended"]);
      const last = set.read(stream.streamId);
      await set.clock.advance(0);
      expect(last.outcome()).toBe("ended");
      expect(last.seen.filter((word) => !word.startsWith("beat"))).toEqual(all);
      expect(last.seen.some((word) => word.endsWith("undurable"))).toBe(true);
    },
  );
});

describe("a stream that its writer gives up", () => {
  it.each([
    ["away", { isDown: true }],
    ["full", { isFull: true }],
  ] as const)(
    "field:S5: has a typed end for its readers here, where the store is %s",
    async (_name, faults) => {
      const set = await createTestReaders({}, { durability: "required" });
      const { stream, add } = await set.own();
      const reading = set.read(stream.streamId);
      await set.clock.advance(0);
      Object.assign(set.faults, faults);
      add(2, 3);
      await set.clock.advance(10_000);
      expect(reading.seen).toEqual(["start"]);
      expect(reading.outcome()).toMatchObject({ kind: "state-unavailable" });
    },
  );

  it("is left to a next owner as soon as the store is back", async () => {
    const set = await createTestReaders({}, { durability: "required" });
    const { stream, add, stopped } = await set.own();
    set.faults.isDown = true;
    add(2, 3);
    await set.clock.advance(10_000);
    expect(stopped).toEqual(["state-unavailable"]);
    await expect(set.log.releaseAbandoned()).rejects.toThrow();
    set.faults.isDown = false;
    expect(await set.peer.orphans(10)).toEqual([]);
    await set.log.releaseAbandoned();
    const [orphan] = await set.peer.orphans(10);
    expect(orphan).toMatchObject({ streamId: stream.streamId, tail: 1 });
  });
});
