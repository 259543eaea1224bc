import { describe, expect, it } from "vitest";
import type { Ending } from "../../../src/streams/stream-record.ts";
import {
  appendTo,
  beginning,
  cleanupQuery,
  encode,
  failure,
  LONG_MS,
  listQuery,
  logOf,
  newStream,
  readable,
  stateOf,
  success,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

export function createRules(under: StoreUnderTest): void {
  const current = useStore(under);

  it("stores the record and the first event", async () => {
    const { store } = current();
    const stream = newStream({ requestId: "request-1" });
    expect(await store.create(stream)).toEqual({ state: "created" });

    const answer = await store.read(stream.streamId, beginning, 10);
    if (answer.state !== "read") throw new Error(answer.state);
    const { createdAt, now, progress, ...rest } = answer.stream;
    expect(rest).toEqual({
      streamId: stream.streamId,
      caller: "caller-a",
      requestId: "request-1",
      fingerprint: stream.fingerprint,
      phase: "running",
      token: stream.token,
      owner: "session-a",
      isOwnerAlive: true,
      handedOff: false,
      tail: 1,
      firstContent: 0,
      bytes: stream.start.length,
      cancel: undefined,
      takeovers: 0,
      handOvers: 0,
      isBound: true,
      updatedAt: createdAt,
      endedAt: undefined,
      deadlineAt: createdAt + stream.totalMs,
      retentionMs: stream.retentionMs,
      expiredAt: undefined,
      readersSeenAt: 0,
      canMove: true,
      keepsRequest: false,
    });
    expect(progress.provider).toBe("provider-a");
    expect(Buffer.from(progress.details).toString()).toBe("details");
    expect(now).toBeGreaterThanOrEqual(createdAt);
    expect(Math.abs(now - createdAt)).toBeLessThan(60_000);
    expect(readable(answer.batches)).toEqual([
      {
        first: 1,
        last: 1,
        writer: stream.token.nonce,
        events: [Buffer.from(stream.start).toString()],
      },
    ]);
  });

  it("is done once however often it is asked for", async () => {
    const { store } = current();
    const stream = newStream({ requestId: "request-1" });
    await store.create(stream);
    expect(await store.create(stream)).toEqual({ state: "created" });
    await store.append(appendTo(stream, 2, 3));
    const before = await store.heads([stream.streamId]);
    expect(await store.create(stream)).toEqual({ state: "created" });
    expect(await logOf(store, stream.streamId)).toHaveLength(3);
    expect((await store.heads([stream.streamId]))[0]).toMatchObject({
      tail: 3,
      createdAt: before[0]?.createdAt,
    });
  });

  it("never begins a stream anew that another writer has taken over", async () => {
    const { store, create, takeOver } = current();
    const stream = await create();
    const token = await takeOver(stream, 1, 77);
    await store.append(appendTo(stream, 2, 4, { token }));
    const late = await store.create(stream);
    expect(late).toMatchObject({ state: "exists", stream: { tail: 4, token } });
    expect(await logOf(store, stream.streamId)).toHaveLength(4);
  });

  it("keeps a late repetition away from a key that leads elsewhere by now", async () => {
    const { store, createEnded, create } = current();
    const first = await createEnded({ requestId: "request-1" }, failure);
    const second = await create({ requestId: "request-1" });
    expect(await store.create(first)).toEqual({ state: "created" });
    expect(await store.find("caller-a", "request-1")).toMatchObject({ streamId: second.streamId });
  });

  it("makes one stream of two calls with one key", async () => {
    const { store, create } = current();
    const first = await create({ requestId: "request-1" });
    const again = await store.create(newStream({ requestId: "request-1" }));
    expect(again).toMatchObject({ state: "exists", stream: { streamId: first.streamId, tail: 1 } });
    const other = newStream({ requestId: "request-1", fingerprint: "something else" });
    expect(await store.create(other)).toEqual({ state: "conflict" });
    expect(await store.read(other.streamId, beginning, 1)).toEqual({ state: "gone" });
  });

  it("makes one stream of many calls with one key at once", async () => {
    const { store } = current();
    const streams = Array.from({ length: 20 }, () => newStream({ requestId: "request-1" }));
    const answers = await Promise.all(streams.map(async (stream) => await store.create(stream)));
    const winners = streams.filter((_, index) => answers[index]?.state === "created");
    expect(winners).toHaveLength(1);
    const [winner] = winners;
    for (const answer of answers) {
      if (answer.state === "created") continue;
      expect(answer).toMatchObject({ state: "exists", stream: { streamId: winner?.streamId } });
    }
  });

  it("scopes keys to their caller, and an empty one is none", async () => {
    const { store, create } = current();
    const a = await create({ requestId: "request-1", caller: "a" });
    const b = await create({ requestId: "request-1", caller: "b" });
    await create({ requestId: "", caller: "a" });
    await create({ requestId: "", caller: "a" });
    expect(await store.find("a", "request-1")).toMatchObject({ streamId: a.streamId });
    expect(await store.find("b", "request-1")).toMatchObject({ streamId: b.streamId });
    expect(await store.find("c", "request-1")).toBeUndefined();
    expect(await store.find("a", "")).toBeUndefined();
  });

  it("says whether another replica could run the request", async () => {
    const { store, create } = current();
    const kept = await create();
    const none = await create({ request: undefined });
    const [a, b] = await store.heads([kept.streamId, none.streamId]);
    expect([a?.canMove, b?.canMove]).toEqual([true, false]);
    const request = await store.loadRequest(kept.streamId);
    expect(Buffer.from(request ?? []).toString()).toMatch(/^request of /);
    expect(await store.loadRequest(none.streamId)).toBeUndefined();
    expect(await store.loadRequest("s.unknown")).toBeUndefined();
    await store.append(appendTo(kept, 2, 2, { ending: success }));
    expect(await store.loadRequest(kept.streamId)).toBeUndefined();
  });

  it("keeps a request for as long as the events, if that is asked for", async () => {
    const { store, create } = current();
    const kept = await create({ keepsRequest: true, canMove: false });
    const bytes = kept.start.length + (kept.request?.length ?? 0);
    expect((await store.heads([kept.streamId]))[0]).toMatchObject({
      canMove: false,
      keepsRequest: true,
      bytes,
    });
    await store.append(appendTo(kept, 2, 2, { ending: success }));
    const text = async (maxBytes?: number) =>
      Buffer.from((await store.loadRequest(kept.streamId, maxBytes)) ?? []).toString();
    expect(await text()).toBe(Buffer.from(kept.request ?? []).toString());
    expect(await text(7)).toBe("request");
    expect((await store.cleanup(cleanupQuery())).freedBytes).toBeGreaterThan(bytes);
    expect(await store.loadRequest(kept.streamId)).toBeUndefined();
  });

  it("deletes a request that is kept with the events", async () => {
    const { store, createEnded, wait } = current();
    const deleted = await createEnded({ keepsRequest: true });
    await store.discard([deleted.streamId]);
    expect(await store.loadRequest(deleted.streamId)).toBeUndefined();
    const past = await createEnded({ keepsRequest: true, retentionMs: 50 });
    await wait(100);
    // Whether a reaper has come or not.
    expect(await store.loadRequest(past.streamId)).toBeUndefined();
    await store.reap(LONG_MS, 10);
    expect(await store.loadRequest(past.streamId)).toBeUndefined();
  });

  describe("a key is", () => {
    const abandoned: Ending = { phase: "cancelled", freesKey: true };
    const stopped: Ending = { phase: "cancelled", freesKey: false };
    it.each([
      { outcome: "free after a failure", ending: failure, state: "created" },
      { outcome: "free after an abandonment", ending: abandoned, state: "created" },
      { outcome: "kept after a success", ending: success, state: "exists" },
      { outcome: "kept after a cancel that was asked for", ending: stopped, state: "exists" },
    ])("$outcome", async ({ ending, state }) => {
      const { store, createEnded } = current();
      const first = await createEnded({ requestId: "request-1" }, ending);
      const isKept = state === "exists";
      const found = await store.find("caller-a", "request-1");
      expect(found?.streamId).toBe(isKept ? first.streamId : undefined);
      expect((await store.heads([first.streamId]))[0]?.isBound).toBe(isKept);
      const other = newStream({ requestId: "request-1", fingerprint: "something else" });
      expect((await store.create(other)).state).toBe(isKept ? "conflict" : "created");
      const expected = isKept ? first.streamId : other.streamId;
      expect(await store.find("caller-a", "request-1")).toMatchObject({ streamId: expected });
    });

    it("free after the retention", async () => {
      const { store, createEnded, wait } = current();
      await createEnded({ requestId: "request-1", retentionMs: 50 });
      await wait(100);
      await store.reap(LONG_MS, 100);
      expect(await store.find("caller-a", "request-1")).toBeUndefined();
      const next = newStream({ requestId: "request-1", fingerprint: "something else" });
      expect(await store.create(next)).toEqual({ state: "created" });
    });

    it("free after a cleanup", async () => {
      const { store, createEnded } = current();
      await createEnded({ requestId: "request-1" });
      await store.cleanup(cleanupQuery());
      expect(await store.find("caller-a", "request-1")).toBeUndefined();
      const next = newStream({ requestId: "request-1" });
      expect(await store.create(next)).toEqual({ state: "created" });
    });

    it("the next stream's, whatever becomes of the one before", async () => {
      const { store, createEnded, create, wait } = current();
      await createEnded({ requestId: "request-1", retentionMs: 50 }, failure);
      const next = await create({ requestId: "request-1" });
      await wait(100);
      await store.reap(LONG_MS, 100);
      expect(await store.find("caller-a", "request-1")).toMatchObject({ streamId: next.streamId });
      await wait(100);
      await store.reap(50, 100);
      expect(await store.find("caller-a", "request-1")).toMatchObject({ streamId: next.streamId });
    });
  });

  it("keeps ids apart that look alike", async () => {
    const { store, create } = current();
    const pairs = [
      ["a", "b\nc"],
      ["c\na", "b"],
      ["a:b", "c"],
      ["a", "b:c"],
      ["größe", "日本語-🦊"],
      ["gr\u006f\u0308ße", "日本語-🦊"],
      ["*", "{sid}"],
      ["%s'; DROP TABLE stream; --", "..\\0/../%00"],
      ["a", "x".repeat(256)],
    ] as const;
    const streams = [];
    for (const [caller, requestId] of pairs) {
      const streamId = `s.${requestId} ${caller}`;
      streams.push(await create({ caller, requestId, streamId, start: encode(streamId) }));
    }
    for (const { caller, requestId, streamId } of streams) {
      expect(await store.find(caller, requestId)).toMatchObject({ streamId, caller, requestId });
      expect(await logOf(store, streamId)).toEqual([streamId]);
    }
  });

  it.each([0.5, 1.0005, 20_000.4999])(
    "field:S17: takes durations that are no whole milliseconds: %f",
    async (part) => {
      const { store, create } = current();
      const stream = await create({
        requestId: `request-${part}`,
        request: encode("request"),
        retentionMs: 60_000 + part,
        // Longer than the keys of a stream live in any case.
        totalMs: 4_000_000 + part,
      });
      expect(await store.append(appendTo(stream, 2, 2))).toMatchObject({ state: "stored" });
      const ending = appendTo(stream, 3, 3, { ending: success });
      expect(await store.append(ending)).toMatchObject({ state: "stored" });
      expect(await store.append(ending)).toMatchObject({ state: "repeated" });
      expect(await store.loadRequest(stream.streamId)).toBeUndefined();
      expect((await store.heads([stream.streamId]))[0]).toMatchObject({ phase: "completed" });
    },
  );

  it("field:S15: leaves nothing of a stream that nobody has used", async () => {
    const { store, create } = current();
    const key = { caller: "caller", requestId: "request-1" };
    const stream = await create({ ...key, request: encode("request") });
    const ending: Ending = { phase: "failed", freesKey: true, isUnused: true };
    const append = appendTo(stream, 2, 2, { ending });
    expect(await store.append(append)).toMatchObject({ state: "stored" });
    const { streamId } = stream;
    expect((await store.list(listQuery())).streams).toEqual([]);
    expect(await store.find(key.caller, key.requestId)).toBeUndefined();
    expect(await store.loadRequest(streamId)).toBeUndefined();
    expect(await store.read(streamId, beginning, 1)).toMatchObject({ state: "expired" });
    // A creation that comes twice, and an end that does, change nothing.
    expect(["created", "gone"]).toContain((await store.create(stream)).state);
    expect(["repeated", "gone"]).toContain((await store.append(append)).state);
    expect(await create(key)).toMatchObject(key);
  });

  it.skipIf(under.openSmall === undefined)("is refused when running streams fill it", async () => {
    const opened = await under.openSmall?.();
    if (opened === undefined) return;
    const { store } = opened;
    await store.openSession("session-a", LONG_MS);
    const running = newStream();
    await store.create(running);
    const events = [new Uint8Array(32 * 1024)];
    let last = 1;
    let state = "stored";
    for (; state === "stored" && last < 64; last += state === "stored" ? 1 : 0) {
      const batch = { first: last + 1, last: last + 1, writer: running.token.nonce, events };
      const append = appendTo(running, last + 1, last + 1, { batch });
      state = await stateOf(() => store.append(append));
    }
    expect(state).toBe("full");
    const large = newStream({ start: new Uint8Array(64 * 1024) });
    expect(await stateOf(() => store.create(large))).toBe("full");
    expect((await store.heads([running.streamId]))[0]).toMatchObject({ tail: last });
    const ending = appendTo(running, last + 1, last + 1, { ending: failure });
    expect(await store.append(ending)).toMatchObject({ state: "stored" });
    expect(await logOf(store, running.streamId)).toHaveLength(last + 1);
    await opened.close();
  });
}
