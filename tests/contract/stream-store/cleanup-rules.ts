import { describe, expect, it } from "vitest";
import type { EndPhase } from "../../../src/streams/stream-record.ts";
import {
  appendTo,
  beginning,
  cleanupQuery,
  failure,
  LONG_MS,
  listQuery,
  logOf,
  success,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

export function cleanupRules(under: StoreUnderTest): void {
  const current = useStore(under);

  async function stateOf(streamId: string): Promise<string> {
    return (await current().store.read(streamId, beginning, 1)).state;
  }

  describe("reap", () => {
    it("expires what is past its retention, and tells so until the tombstone goes", async () => {
      const { store, createEnded, wait } = current();
      const short = await createEnded({ retentionMs: 50 });
      const long = await createEnded();
      expect(await store.reap(LONG_MS, 100)).toEqual({ expired: 0 });
      await wait(150);
      expect(await store.reap(LONG_MS, 100)).toEqual({ expired: 1 });
      expect(await stateOf(short.streamId)).toBe("expired");
      expect(await stateOf(long.streamId)).toBe("read");
      const [head] = await store.heads([short.streamId]);
      expect(head).toMatchObject({ phase: "completed", isBound: false, tail: 2 });
      expect(head?.expiredAt).toBeGreaterThan(head?.endedAt ?? Number.NaN);
      expect(await store.reap(LONG_MS, 100)).toEqual({ expired: 0 });
      await wait(150);
      await store.reap(50, 100);
      expect(await stateOf(short.streamId)).toBe("gone");
      expect(await store.heads([short.streamId])).toEqual([undefined]);
      expect(await stateOf(long.streamId)).toBe("read");
    });

    it("only writes down what already holds: past its retention a stream has expired", async () => {
      const { store, createEnded, create, wait } = current();
      const ended = await createEnded({ requestId: "key-retained", retentionMs: 50 });
      const { caller, requestId, streamId } = ended;
      await wait(150);
      expect(await stateOf(streamId)).toBe("expired");
      const [head] = await store.heads([streamId]);
      expect(head?.expiredAt).toBe((head?.endedAt ?? Number.NaN) + 50);
      expect(head?.isBound).toBe(false);
      expect(await store.find(caller, requestId)).toBeUndefined();
      expect((await store.list(listQuery())).streams).toEqual([]);
      const next = await create({ requestId, fingerprint: "another request" });
      expect(await store.find(caller, requestId)).toMatchObject({ streamId: next.streamId });
      expect(await stateOf(streamId)).toBe("expired");
    });

    it("counts the retention from the end, and never touches a running stream", async () => {
      const { store, create, wait } = current();
      const running = await create({ retentionMs: 1 });
      const orphan = await create({ retentionMs: 1, session: "session-gone" });
      const late = await create({ retentionMs: 1_000 });
      await wait(1_500);
      await store.append(appendTo(late, 2, 2, { ending: success }));
      expect(await store.reap(0, 100)).toEqual({ expired: 0 });
      for (const { streamId } of [running, orphan, late]) {
        expect(await stateOf(streamId)).toBe("read");
      }
      const more = await store.append(appendTo(running, 2, 2));
      expect(more).toMatchObject({ state: "stored" });
    });

    it("does a bounded amount a call, and all of it in the end", async () => {
      const { store, createEnded, wait } = current();
      const streams = [];
      for (let index = 0; index < 5; index++) streams.push(await createEnded({ retentionMs: 20 }));
      await wait(100);
      expect(await store.reap(LONG_MS, 2)).toEqual({ expired: 2 });
      let expired = 2;
      for (let call = 0; call < 10; call++) expired += (await store.reap(LONG_MS, 2)).expired;
      expect(expired).toBe(5);
      for (const { streamId } of streams) expect(await stateOf(streamId)).toBe("expired");
    });
  });

  describe("cleanup", () => {
    it("deletes what ended, and leaves what runs", async () => {
      const { store, create, createEnded } = current();
      const [a, b] = [await createEnded(), await createEnded({}, failure)];
      const running = await create();
      const orphan = await create({ session: "session-gone" });
      const heads = await store.heads([a.streamId, b.streamId]);
      const bytes = heads.reduce((sum, head) => sum + (head?.bytes ?? 0), 0);
      const result = await store.cleanup(cleanupQuery());
      expect(result).toMatchObject({ matched: 2, deleted: 2, skipped: 2, truncated: false });
      expect(result.freedBytes).toBe(bytes);
      expect([...result.sample].sort()).toEqual([a.streamId, b.streamId].sort());
      expect(await stateOf(a.streamId)).toBe("expired");
      expect(await stateOf(b.streamId)).toBe("expired");
      expect(await logOf(store, running.streamId)).toHaveLength(1);
      expect(await logOf(store, orphan.streamId)).toHaveLength(1);
      const again = await store.cleanup(cleanupQuery());
      expect(again).toMatchObject({ matched: 0, deleted: 0, freedBytes: 0, sample: [] });
    });

    it("counts, and deletes nothing, in a dry run", async () => {
      const { store, create, createEnded } = current();
      const stream = await createEnded();
      await create();
      const [head] = await store.heads([stream.streamId]);
      const query = cleanupQuery({ dryRun: true });
      for (let call = 0; call < 2; call++) {
        expect(await store.cleanup(query)).toEqual({
          matched: 1,
          deleted: 0,
          skipped: 1,
          freedBytes: head?.bytes,
          sample: [stream.streamId],
          truncated: false,
        });
      }
      expect(await logOf(store, stream.streamId)).toHaveLength(2);
    });

    it("goes by the time since the end", async () => {
      const { store, create, createEnded, wait } = current();
      const late = await create();
      const old = await createEnded();
      await wait(1_000);
      await store.append(appendTo(late, 2, 2, { ending: success }));
      await create();
      const result = await store.cleanup(cleanupQuery({ olderThanMs: 900 }));
      expect(result).toMatchObject({ matched: 1, deleted: 1, skipped: 0, sample: [old.streamId] });
      expect(await stateOf(late.streamId)).toBe("read");
      const none = await store.cleanup(cleanupQuery({ olderThanMs: LONG_MS }));
      expect(none).toMatchObject({ matched: 0, deleted: 0 });
    });

    it("counts, deletes and discards nothing that is past its retention, reaped or not", async () => {
      const { store, createEnded, wait } = current();
      const past = await createEnded({ retentionMs: 50 });
      const kept = await createEnded();
      await wait(150);
      const expected = { matched: 1, sample: [kept.streamId] };
      expect(await store.cleanup(cleanupQuery({ dryRun: true }))).toMatchObject(expected);
      expect(await store.discard([past.streamId])).toEqual({ deleted: 0 });
      expect(await store.cleanup(cleanupQuery())).toMatchObject({ ...expected, deleted: 1 });
      // The reaper's work is left to it.
      expect(await store.reap(LONG_MS, 100)).toEqual({ expired: 1 });
    });

    it("goes by the phase", async () => {
      const { store, createEnded } = current();
      const byPhase = new Map<EndPhase, string>();
      for (const phase of ["completed", "failed", "cancelled"] as const) {
        byPhase.set(phase, (await createEnded({}, { phase, freesKey: true })).streamId);
      }
      const one = await store.cleanup(cleanupQuery({ phases: ["failed"] }));
      expect(one).toMatchObject({ deleted: 1, sample: [byPhase.get("failed")] });
      const two = await store.cleanup(cleanupQuery({ phases: ["cancelled", "failed"] }));
      expect(two).toMatchObject({ deleted: 1, sample: [byPhase.get("cancelled")] });
      expect(await stateOf(byPhase.get("completed") ?? "")).toBe("read");
    });

    it("stops at its limit and says so; another call goes on", async () => {
      const { store, createEnded } = current();
      for (let index = 0; index < 5; index++) await createEnded();
      const query = cleanupQuery({ limit: 2 });
      expect(await store.cleanup(query)).toMatchObject({ deleted: 2, truncated: true });
      expect(await store.cleanup(query)).toMatchObject({ deleted: 2, truncated: true });
      expect(await store.cleanup(query)).toMatchObject({ deleted: 1, truncated: false });
      expect(await store.cleanup(query)).toMatchObject({ deleted: 0, truncated: false });
    });

    it("names a hundred at most", async () => {
      const { store, createEnded } = current();
      for (let index = 0; index < 105; index++) await createEnded();
      const counted = await store.cleanup(cleanupQuery({ dryRun: true, limit: 1_000 }));
      expect(counted).toMatchObject({ matched: 105, truncated: false });
      expect(new Set(counted.sample).size).toBe(100);
      const result = await store.cleanup(cleanupQuery({ limit: 1_000 }));
      expect(result).toMatchObject({ matched: 105, deleted: 105, truncated: false });
    });
  });

  describe("discard", () => {
    it("deletes the streams it names, whatever their age, and no other", async () => {
      const { store, createEnded } = current();
      const [named, other] = [await createEnded({}, failure), await createEnded({}, failure)];
      expect(await store.discard([named.streamId, "s.unknown"])).toEqual({ deleted: 1 });
      expect(await stateOf(named.streamId)).toBe("expired");
      expect(await stateOf(other.streamId)).toBe("read");
      expect(await store.discard([named.streamId])).toEqual({ deleted: 0 });
    });

    it("leaves what runs", async () => {
      const { store, create } = current();
      const running = await create();
      expect(await store.discard([running.streamId])).toEqual({ deleted: 0 });
      expect(await logOf(store, running.streamId)).toHaveLength(1);
    });
  });
}
