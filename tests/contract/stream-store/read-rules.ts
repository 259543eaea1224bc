import { expect, it } from "vitest";
import type { Cursor } from "../../../src/domain/cursor.ts";
import type { Batch } from "../../../src/streams/stream-record.ts";
import type { ReadResult } from "../../../src/streams/stream-store.ts";
import {
  appendTo,
  batchOf,
  beginning,
  cleanupQuery,
  LONG_MS,
  readable,
  success,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

function batchesOf(answer: ReadResult): readonly Batch[] {
  if (answer.state !== "read") throw new Error(answer.state);
  return answer.batches;
}

export function readRules(under: StoreUnderTest): void {
  const current = useStore(under);

  /** Batches 1, 2-4, 5-5 and 6-9. */
  async function stored() {
    const { store, create } = current();
    const stream = await create();
    for (const [first, last] of [
      [2, 4],
      [5, 5],
      [6, 9],
    ] as const) {
      await store.append(appendTo(stream, first, last));
    }
    const { nonce } = stream.token;
    const all = [
      { first: 1, last: 1, writer: nonce, events: [stream.start] },
      batchOf(2, 4, nonce),
      batchOf(5, 5, nonce),
      batchOf(6, 9, nonce),
    ];
    const read = async (sequence: number, limit = 100, writer = 0): Promise<ReadResult> =>
      await store.read(stream.streamId, { sequence, writer }, limit);
    return { store, stream, all, read, nonce };
  }

  it("answers every batch with an event behind the cursor", async () => {
    const { all, read } = await stored();
    for (let sequence = 0; sequence <= 9; sequence++) {
      const answer = await read(sequence);
      const expected = all.filter(({ last }) => last > sequence);
      expect(readable(batchesOf(answer)), `behind ${sequence}`).toEqual(readable(expected));
      expect(answer).toMatchObject({ hasMore: false, stream: { tail: 9, phase: "running" } });
    }
  });

  it("cuts the answer at the limit, and says so", async () => {
    const { all, read } = await stored();
    for (let limit = 1; limit <= 5; limit++) {
      const answer = await read(0, limit);
      expect(readable(batchesOf(answer))).toEqual(readable(all.slice(0, limit)));
      expect(answer).toMatchObject({ hasMore: limit < 4 });
    }
    const inside = await read(3, 2);
    expect(readable(batchesOf(inside))).toEqual(readable(all.slice(1, 3)));
    expect(inside).toMatchObject({ hasMore: true });
    expect(await read(3, 3)).toMatchObject({ hasMore: false });
  });

  it("reads a long log page by page, each event once", async () => {
    const { store, create } = current();
    const stream = await create();
    for (let first = 2; first < 600; first += 2) {
      await store.append(appendTo(stream, first, first + 1));
    }
    const found: number[] = [];
    let cursor: Cursor = beginning;
    for (let hasMore = true; hasMore; ) {
      const answer = await store.read(stream.streamId, cursor, 7);
      if (answer.state !== "read") throw new Error(answer.state);
      for (const { first, last } of answer.batches) {
        for (let sequence = first; sequence <= last; sequence++) found.push(sequence);
      }
      cursor = { sequence: found.at(-1) ?? 0, writer: stream.token.nonce };
      hasMore = answer.hasMore;
    }
    expect(found).toEqual(Array.from({ length: 599 }, (_, index) => index + 1));
  });

  it("verifies the writer of the event at the cursor", async () => {
    const { read, nonce } = await stored();
    for (let sequence = 1; sequence <= 9; sequence++) {
      expect(await read(sequence, 100, nonce)).toMatchObject({ state: "read" });
      const other = await read(sequence, 100, nonce + 1);
      expect(other).toMatchObject({ state: "diverged", stream: { tail: 9 } });
    }
    expect(await read(0, 100, nonce + 1)).toMatchObject({ state: "read" });
  });

  it("verifies it event by event where writers followed each other", async () => {
    const { takeOver } = current();
    const { store, stream, nonce } = await stored();
    const token = await takeOver(stream, 1, 77);
    await store.append(appendTo(stream, 10, 12, { token }));
    for (let sequence = 1; sequence <= 12; sequence++) {
      const owner = sequence < 10 ? nonce : 77;
      for (const writer of [nonce, 77]) {
        const answer = await store.read(stream.streamId, { sequence, writer }, 100);
        expect(answer.state).toBe(writer === owner ? "read" : "diverged");
      }
    }
    const answer = await store.read(stream.streamId, { sequence: 8, writer: nonce }, 100);
    const expected = [batchOf(6, 9, nonce), batchOf(10, 12, 77)];
    expect(readable(batchesOf(answer))).toEqual(readable(expected));
    expect(answer).toMatchObject({ stream: { token } });
  });

  it("keeps a 32-bit writer whole", async () => {
    const { store, create } = current();
    for (const nonce of [1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const stream = await create({ token: { epoch: 1, nonce } });
      const answer = await store.read(stream.streamId, { sequence: 1, writer: nonce }, 1);
      expect(answer).toMatchObject({ state: "read", stream: { token: { epoch: 1, nonce } } });
    }
  });

  it("answers ahead behind the end, with the end", async () => {
    const { read, nonce } = await stored();
    expect(await read(10)).toMatchObject({ state: "ahead", stream: { tail: 9 } });
    expect(await read(10, 100, nonce)).toMatchObject({ state: "ahead", stream: { tail: 9 } });
    expect(await read(1_000_000_000)).toMatchObject({ state: "ahead" });
  });

  it("reads a stream that has ended, to its end and no further", async () => {
    const { store, stream, read } = await stored();
    await store.append(appendTo(stream, 10, 10, { ending: success }));
    expect(await read(9)).toMatchObject({
      state: "read",
      stream: { phase: "completed", tail: 10 },
    });
    const atEnd = await read(10);
    expect(atEnd).toMatchObject({ state: "read", batches: [], hasMore: false });
    expect(await read(11)).toMatchObject({ state: "ahead" });
  });

  it("tells expired from unknown", async () => {
    const { store, createEnded } = current();
    const stream = await createEnded();
    await store.cleanup(cleanupQuery());
    for (const cursor of [beginning, { sequence: 1, writer: 5 }, { sequence: 9, writer: 0 }]) {
      const answer = await store.read(stream.streamId, cursor, 10);
      expect(answer).toMatchObject({
        state: "expired",
        stream: { streamId: stream.streamId, caller: "caller-a", tail: 2, phase: "completed" },
      });
    }
    for (const id of ["s.unknown", "", "no id", "s.größe-🦊", "s.{}*?[a]", "x".repeat(1_000)]) {
      expect(await store.read(id, beginning, 10)).toEqual({ state: "gone" });
    }
  });

  it("remembers when a replica last had readers", async () => {
    const { store, create, wait } = current();
    const [a, b] = [await create(), await create()];
    await wait(20);
    await store.touchReaders([a.streamId, "s.unknown"]);
    const [first, other] = await store.heads([a.streamId, b.streamId]);
    expect(first?.readersSeenAt).toBeGreaterThan(first?.createdAt ?? Number.NaN);
    expect(other?.readersSeenAt).toBe(0);
    await wait(20);
    await store.touchReaders([a.streamId, b.streamId]);
    const [again] = await store.heads([a.streamId]);
    expect(again?.readersSeenAt).toBeGreaterThan(first?.readersSeenAt ?? Number.NaN);
    await store.touchReaders([]);
  });

  it("answers heads in the order asked for", async () => {
    const { store, create } = current();
    const [a, b] = [await create(), await create({ retentionMs: LONG_MS })];
    const heads = await store.heads([b.streamId, "s.unknown", a.streamId, b.streamId]);
    expect(heads.map((head) => head?.streamId)).toEqual([
      b.streamId,
      undefined,
      a.streamId,
      b.streamId,
    ]);
    expect(await store.heads([])).toEqual([]);
  });
}
