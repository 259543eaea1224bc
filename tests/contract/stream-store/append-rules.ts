import { expect, it } from "vitest";
import {
  appendTo,
  batchOf,
  cleanupQuery,
  failure,
  logOf,
  progressOf,
  readable,
  success,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

export function appendRules(under: StoreUnderTest): void {
  const current = useStore(under);

  it("stores what follows the tail", async () => {
    const { store, create } = current();
    const stream = await create();
    const first = await store.append(appendTo(stream, 2, 4));
    expect(first).toEqual({ state: "stored", tail: 4, cancel: undefined });
    const second = await store.append(appendTo(stream, 5, 5));
    expect(second).toEqual({ state: "stored", tail: 5, cancel: undefined });
    const [head] = await store.heads([stream.streamId]);
    const size = stream.start.length + 4 * `event 2 of ${stream.token.nonce}`.length;
    expect(head).toMatchObject({ tail: 5, bytes: size, phase: "running" });
    const { nonce } = stream.token;
    expect((await logOf(store, stream.streamId)).slice(1)).toEqual(
      [2, 3, 4, 5].map((sequence) => `event ${sequence} of ${nonce}`),
    );
  });

  it("stores a repeated append once", async () => {
    const { store, create } = current();
    const stream = await create();
    await store.append(appendTo(stream, 2, 4));
    for (const [first, last] of [
      [2, 4],
      [2, 3],
      [4, 4],
      [1, 1],
    ] as const) {
      const again = await store.append(appendTo(stream, first, last));
      expect(again).toEqual({ state: "repeated", tail: 4, cancel: undefined });
    }
    expect(await logOf(store, stream.streamId)).toHaveLength(4);
    expect((await store.heads([stream.streamId]))[0]?.tail).toBe(4);
  });

  it("answers overlap and gap with its tail, and stores nothing", async () => {
    const { store, create } = current();
    const stream = await create();
    await store.append(appendTo(stream, 2, 4));
    const before = await store.heads([stream.streamId]);
    expect(await store.append(appendTo(stream, 4, 6))).toEqual({ state: "overlap", tail: 4 });
    expect(await store.append(appendTo(stream, 6, 6))).toEqual({ state: "gap", tail: 4 });
    const late = appendTo(stream, 9, 9, { ending: success, progress: progressOf("other") });
    expect(await store.append(late)).toEqual({ state: "gap", tail: 4 });
    const [head] = await store.heads([stream.streamId]);
    expect({ ...head, now: 0 }).toEqual({ ...before[0], now: 0 });
    expect(await logOf(store, stream.streamId)).toHaveLength(4);
  });

  it("is for the owner alone", async () => {
    const { store, create } = current();
    const stream = await create();
    const { nonce } = stream.token;
    for (const token of [
      { epoch: 1, nonce: nonce + 1 },
      { epoch: 2, nonce },
      { epoch: 0, nonce },
    ]) {
      expect(await store.append(appendTo(stream, 2, 2, { token }))).toEqual({ state: "fenced" });
      expect(await store.append(appendTo(stream, 1, 1, { token }))).toEqual({ state: "fenced" });
    }
    expect(await logOf(store, stream.streamId)).toHaveLength(1);
  });

  it("answers gone where there is no stream, or none any more", async () => {
    const { store, create, createEnded } = current();
    const stream = await create();
    const unknown = appendTo(stream, 2, 2, { streamId: "s.unknown" });
    expect(await store.append(unknown)).toEqual({ state: "gone" });
    const ended = await createEnded();
    await store.cleanup(cleanupQuery());
    expect(await store.append(appendTo(ended, 3, 3))).toEqual({ state: "gone" });
    expect(await store.append(appendTo(ended, 2, 2))).toEqual({ state: "gone" });
  });

  it.each([
    { phase: "completed", ending: success },
    { phase: "failed", ending: failure },
    { phase: "cancelled", ending: { phase: "cancelled", freesKey: true } as const },
  ])("ends a stream as $phase in the same step, once", async ({ phase, ending }) => {
    const { store, create } = current();
    const stream = await create();
    const last = appendTo(stream, 2, 3, { ending, progress: progressOf("provider-b", "end") });
    expect(await store.append(last)).toMatchObject({ state: "stored", tail: 3 });
    const [head] = await store.heads([stream.streamId]);
    expect(head).toMatchObject({ phase, tail: 3, progress: { provider: "provider-b" } });
    expect(head?.endedAt).toBe(head?.updatedAt);
    expect(head?.endedAt).toBeGreaterThanOrEqual(head?.createdAt ?? Number.NaN);

    expect(await store.append(last)).toMatchObject({ state: "repeated", tail: 3 });
    for (const more of [appendTo(stream, 4, 4), appendTo(stream, 4, 4, { ending: success })]) {
      expect(await store.append(more)).toEqual({ state: "closed", tail: 3 });
    }
    expect(await store.append(appendTo(stream, 3, 4))).toEqual({ state: "closed", tail: 3 });
    expect(await store.append(appendTo(stream, 9, 9))).toEqual({ state: "closed", tail: 3 });
    const [after] = await store.heads([stream.streamId]);
    expect({ ...after, now: 0 }).toEqual({ ...head, now: 0 });
    expect(await logOf(store, stream.streamId)).toHaveLength(3);
  });

  it("tells the writer that the stream is to stop", async () => {
    const { store, create } = current();
    const stream = await create();
    await store.append(appendTo(stream, 2, 2));
    await store.requestCancel(stream.streamId, "operator");
    const again = await store.append(appendTo(stream, 2, 2));
    expect(again).toEqual({ state: "repeated", tail: 2, cancel: "operator" });
    const next = await store.append(appendTo(stream, 3, 3));
    expect(next).toEqual({ state: "stored", tail: 3, cancel: "operator" });
  });

  it("keeps the first content, and the newest progress", async () => {
    const { store, create } = current();
    const stream = await create();
    const head = async () => (await store.heads([stream.streamId]))[0];
    await store.append(appendTo(stream, 2, 3));
    expect(await head()).toMatchObject({ firstContent: 0, progress: { provider: "provider-a" } });
    await store.append(
      appendTo(stream, 4, 6, { firstContent: 5, progress: progressOf("provider-b", "later") }),
    );
    await store.append(appendTo(stream, 7, 7, { firstContent: 7 }));
    const after = await head();
    expect(after).toMatchObject({ firstContent: 5, progress: { provider: "provider-b" } });
    expect(Buffer.from(after?.progress.details ?? []).toString()).toBe("later");
  });

  it("stores bytes as they are: none, every value, a mebibyte", async () => {
    const { store, create } = current();
    const stream = await create();
    const events = [
      new Uint8Array(0),
      Uint8Array.from({ length: 256 }, (_, index) => index),
      Uint8Array.from({ length: 1024 * 1024 }, (_, index) => (index * 31) % 251),
    ];
    const batch = { first: 2, last: 4, writer: stream.token.nonce, events };
    await store.append(appendTo(stream, 2, 4, { batch }));
    const answer = await store.read(stream.streamId, { sequence: 1, writer: 0 }, 10);
    if (answer.state !== "read") throw new Error(answer.state);
    const found = answer.batches.flatMap((each) => each.events);
    const isSame = found.map((event, index) => Buffer.compare(event, events[index] ?? event) === 0);
    expect(isSame).toEqual([true, true, true]);
    expect(found.map(({ length }) => length)).toEqual([0, 256, 1024 * 1024]);
    expect(answer.stream.bytes).toBe(stream.start.length + 256 + 1024 * 1024);
  });

  it("keeps streams apart that are written at once", async () => {
    const { store, create } = current();
    const streams = await Promise.all(Array.from({ length: 20 }, () => create()));
    await Promise.all(
      streams.map(async (stream) => {
        for (let sequence = 2; sequence <= 10; sequence++) {
          const answer = await store.append(appendTo(stream, sequence, sequence));
          expect(answer).toMatchObject({ state: "stored", tail: sequence });
        }
      }),
    );
    for (const stream of streams) {
      const answer = await store.read(stream.streamId, { sequence: 1, writer: 0 }, 100);
      if (answer.state !== "read") throw new Error(answer.state);
      const expected = Array.from({ length: 9 }, (_, index) =>
        batchOf(index + 2, index + 2, stream.token.nonce),
      );
      expect(readable(answer.batches)).toEqual(readable(expected));
    }
  });
}
