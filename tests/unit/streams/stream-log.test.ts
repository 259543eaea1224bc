import { describe, expect, it } from "vitest";
import { encode, newStream } from "../../support/stored-streams.ts";
import { createTestLog } from "../../support/test-log.ts";
import { createTestReaders, eventsOf, isEnd } from "../../support/test-reader.ts";

const hooks = { disconnect: { policy: "continue" as const }, stop: () => {} };
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
      expect(set.told).toEqual(["down"]);
    }
  });

  it("is refused by a store that is full of running streams", async () => {
    const set = await createTestReaders({ maxBytes: 100 });
    const begun = set.log.begin(newStream({ start: encode("x".repeat(200)) }), hooks);
    await expect(begun).rejects.toMatchObject({ kind: "gateway-overloaded" });
    expect(set.log.owned.size).toBe(0);
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
    const leaving = set.log.handOffAll();
    // The generation ends at once, whatever the store does.
    expect(movable.stopped).toEqual(["DRAINING"]);
    expect(bound.stopped).toEqual([]);
    await set.clock.advance(2_000);
    await leaving;
    expect([...set.log.owned.keys()]).toEqual([bound.stream.streamId]);
  });
});

describe("a stream that its writer gives up", () => {
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
