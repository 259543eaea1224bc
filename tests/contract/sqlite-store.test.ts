// What is special to the store in a file; the rules of the port are in stream-store.test.ts.

import { readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { listAll } from "../support/list-all.ts";
import { refusal } from "../support/redis-in-test.ts";
import { useSqliteFile } from "../support/sqlite-file.ts";
import {
  appendTo,
  beginning,
  cleanupQuery,
  LONG_MS,
  listQuery,
  logOf,
  newStream,
  stateOf,
  success,
} from "../support/stored-streams.ts";

const current = useSqliteFile();

/**
 * Transactions in the write-ahead log: a frame that ends one names the size of the database. Frames with another salt are
 * from before the last checkpoint, and wait to be written over.
 */
function countCommits(): number {
  const log = readFileSync(`${current().path}-wal`);
  const pageSize = log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let commits = 0;
  for (let offset = 32; offset < log.length; offset += 24 + pageSize) {
    const isCurrent = log.subarray(offset + 8, offset + 16).equals(salt);
    if (isCurrent && log.readUInt32BE(offset + 4) !== 0) commits++;
  }
  return commits;
}

describe("close", () => {
  it("stores and answers what was asked before, and refuses what comes after", async () => {
    const store = await current().open();
    const stream = newStream();
    const created = store.create(stream);
    const answers = Array.from({ length: 50 }, (_, i) =>
      store.append(appendTo(stream, i + 2, i + 2)),
    );
    const closed = store.close();
    await expect(store.append(appendTo(stream, 52, 52))).rejects.toMatchObject({
      name: "StoreUnavailable",
      outcome: "not-applied",
    });
    expect(await created).toEqual({ state: "created" });
    expect((await Promise.all(answers)).at(-1)).toMatchObject({ state: "stored", tail: 51 });
    await closed;
    await store.close();
    expect(await logOf(await current().open(), stream.streamId)).toHaveLength(51);
  });
});

describe("calls", () => {
  it("of many streams at once share transactions", async () => {
    const store = await current().open();
    const streams = Array.from({ length: 100 }, () => newStream());
    await Promise.all(streams.map((stream) => store.create(stream)));
    const before = countCommits();
    const answers = await Promise.all(
      streams.map((stream) => store.append(appendTo(stream, 2, 2))),
    );
    expect(new Set(answers.map(({ state }) => state))).toEqual(new Set(["stored"]));
    expect(countCommits() - before).toBe(1);
  });

  it("that come while others are on their way are answered, by one transaction after theirs", async () => {
    const store = await current().open();
    const streams = Array.from({ length: 20 }, () => newStream());
    await Promise.all(streams.map((stream) => store.create(stream)));
    const before = countCommits();
    const answers: unknown[] = [];
    for (const stream of streams) {
      answers.push(store.append(appendTo(stream, 2, 2)));
      // A turn of its own, in which no answer can come.
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ tail: 2 });
    expect(countCommits() - before).toBe(2);
  });

  it("that fail take no other along", async () => {
    const store = await current().open();
    const [stream, other] = [newStream(), newStream()];
    await store.create(stream);
    // No writer has this number: the file refuses it, and the port has no answer for that.
    const stranger = newStream({ token: { epoch: 1, nonce: Number.NaN } });
    const [created, refused, appended] = await Promise.allSettled([
      store.create(other),
      store.create(stranger),
      store.append(appendTo(stream, 2, 2)),
    ]);
    expect(created).toMatchObject({ value: { state: "created" } });
    expect(refused).toMatchObject({
      reason: {
        name: "StoreUnavailable",
        outcome: "not-applied",
        message: "The stream store failed: NOT NULL constraint failed: stream.nonce",
        trouble: { cause: "other", code: "SQLITE_1299" },
      },
    });
    expect(appended).toMatchObject({ value: { state: "stored" } });
    expect(await logOf(store, other.streamId)).toHaveLength(1);
  });

  it("that read much are answered 4 MiB at a time, and a reader that asks on gets all of it", async () => {
    const store = await current().open();
    const stream = newStream();
    await store.create(stream);
    const events = [new Uint8Array(1024 * 1024)];
    for (let first = 2; first <= 7; first++) {
      const batch = { first, last: first, writer: stream.token.nonce, events };
      await store.append(appendTo(stream, first, first, { batch }));
    }
    const lengthOf = async (sequence: number, limit = 100): Promise<unknown> => {
      const read = await store.read(stream.streamId, { sequence, writer: 0 }, limit);
      return read.state === "read" ? [read.batches.map(({ last }) => last), read.hasMore] : read;
    };
    expect(await lengthOf(0)).toEqual([[1, 2, 3, 4, 5], true]);
    expect(await lengthOf(5)).toEqual([[6, 7], false]);
    expect(await lengthOf(1, 2)).toEqual([[2, 3], true]);
    expect(await lengthOf(7)).toEqual([[], false]);
  });

  it("take their time from the clock of the store", async () => {
    const store = await current().open();
    await current().clock.advance(12_345);
    const stream = newStream({ retentionMs: 1_000 });
    await store.create(stream);
    const now = current().clock.wallTime();
    expect(await store.heads([stream.streamId])).toMatchObject([{ createdAt: now, now }]);
    await store.append(appendTo(stream, 2, 2, { ending: success }));
    await current().clock.advance(999);
    expect(await store.reap(LONG_MS, 10)).toEqual({ expired: 0 });
    await current().clock.advance(1);
    expect(await store.reap(LONG_MS, 10)).toEqual({ expired: 1 });
  });

  it("that list or delete much do it part by part, and all of it", async () => {
    const store = await current().open();
    const ended = Array.from({ length: 1_100 }, (_, i) =>
      newStream({ caller: i === 0 ? "first" : "caller-a" }),
    );
    for (const stream of ended) {
      void store.create(stream);
      void store.append(appendTo(stream, 2, 2, { ending: success }));
      await current().clock.advance(1);
    }
    expect(await listAll(store, listQuery({ limit: 2_000 }))).toHaveLength(1_100);
    expect(await listAll(store, listQuery({ limit: 1, caller: "first" }))).toHaveLength(1);
    const some = await store.cleanup(cleanupQuery({ limit: 120 }));
    expect(some).toMatchObject({ matched: 1_100, deleted: 120, truncated: true });
    const rest = await store.cleanup(cleanupQuery({ limit: 2_000 }));
    expect(rest).toMatchObject({ matched: 980, deleted: 980, truncated: false });
    await store.reap(0, 100);
    expect((await store.heads(ended.map(({ streamId }) => streamId))).filter(Boolean)).toHaveLength(
      1_000,
    );
    await store.reap(0, 2_000);
    expect((await store.heads(ended.map(({ streamId }) => streamId))).filter(Boolean)).toEqual([]);
  });
});

describe("a full file (F25)", () => {
  it("refuses what is new, ends what runs, and loses nothing", async () => {
    const store = await current().open({ maxBytes: 1024 * 1024 });
    const bytes = new Uint8Array(8_000);
    const running = Array.from({ length: 10 }, () => newStream());
    for (const stream of running) await store.create(stream);
    const tails = running.map(() => 1);
    const states = new Set<string>();
    for (let i = 0; i < 200 && !states.has("full"); i++) {
      const stream = running[i % 10] ?? newStream();
      const next = (tails[i % 10] ?? 0) + 1;
      const batch = { first: next, last: next, writer: stream.token.nonce, events: [bytes] };
      const state = await stateOf(() => store.append(appendTo(stream, next, next, { batch })));
      states.add(state);
      if (state === "stored") tails[i % 10] = next;
    }
    expect(states).toEqual(new Set(["stored", "full"]));
    expect(await stateOf(() => store.create(newStream({ request: bytes })))).toBe("full");
    expect((await refusal(store.check())).trouble.cause).toBe("full");
    const heads = await store.heads(running.map(({ streamId }) => streamId));
    expect(heads.map((head) => head?.tail)).toEqual(tails);

    for (const [i, stream] of running.entries()) {
      const last = (tails[i] ?? 0) + 1;
      // Nobody has ended yet who could make room for the first one.
      const events = [new Uint8Array(i === 0 ? 80_000 : 100)];
      const batch = { first: last, last, writer: stream.token.nonce, events };
      const ending = appendTo(stream, last, last, { batch, ending: success });
      expect(await store.append(ending)).toMatchObject({ state: "stored", tail: last });
      await current().clock.advance(1);
    }
    // Those that have ended make room for new ones, the longest ago first.
    await store.check();
    expect(await store.create(newStream({ request: bytes }))).toEqual({ state: "created" });
    const [oldest, ...rest] = running.map(({ streamId }) => streamId);
    expect(await store.read(oldest ?? "", beginning, 1)).toMatchObject({ state: "expired" });
    expect(await store.read(rest.at(-1) ?? "", beginning, 1)).toMatchObject({ state: "read" });
    expect(statSync(current().path).size).toBeLessThanOrEqual(1024 * 1024);
    await store.close();
    const file = new DatabaseSync(current().path);
    expect(file.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    file.close();
  });

  it("answers full when even the reserve is used up, and other streams are unharmed", async () => {
    const store = await current().open({ maxBytes: 1024 * 1024 });
    const running = Array.from({ length: 40 }, () => newStream());
    await Promise.all(running.map((stream) => store.create(stream)));
    const small = newStream();
    await store.create(small);
    const answers = await Promise.all([
      ...running.map((stream) => {
        const events = [new Uint8Array(2_000_000)];
        const batch = { first: 2, last: 2, writer: stream.token.nonce, events };
        const append = appendTo(stream, 2, 2, { batch, ending: success });
        return stateOf(() => store.append(append));
      }),
      stateOf(() => store.append(appendTo(small, 2, 2))),
    ]);
    expect(answers).toEqual([...running.map(() => "full"), "stored"]);
    const heads = await store.heads(running.map(({ streamId }) => streamId));
    expect(new Set(heads.map((head) => `${head?.phase} ${head?.tail}`))).toEqual(
      new Set(["running 1"]),
    );
  });
});
