// Each call is a bounded amount of work: appends take their turn in between.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../../src/store/sqlite/database.ts";
import { createLogCalls } from "../../../../src/streams/sqlite/log-calls.ts";
import { createOwnershipCalls } from "../../../../src/streams/sqlite/ownership-calls.ts";
import { createRetentionCalls } from "../../../../src/streams/sqlite/retention-calls.ts";
import { STREAM_SCHEMA } from "../../../../src/streams/sqlite/schema.ts";
import { createStreamTable } from "../../../../src/streams/sqlite/stream-table.ts";
import type { NewStream } from "../../../../src/streams/stream-record.ts";
import { cleanupQuery, listQuery, newStream, success } from "../../../support/stored-streams.ts";

let folder: string;
let calls: ReturnType<typeof open>;

function open(path: string) {
  const db = openDatabase({ path, maxBytes: undefined, schemas: [STREAM_SCHEMA] });
  const table = createStreamTable(db);
  return {
    ...createLogCalls(db, table),
    ...createOwnershipCalls(db, table),
    ...createRetentionCalls(db, table),
    db,
  };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-calls-"));
  calls = open(join(folder, "streams.db"));
  // One transaction for all of a test.
  calls.db.exec("BEGIN");
});
afterEach(() => {
  calls.db.close();
  rmSync(folder, { recursive: true });
});

const at = (now: number) => ({ now, sessions: ["session-a"] });

function create(now: number, overrides: Partial<NewStream> = {}): NewStream {
  const stream = newStream(overrides);
  expect(calls.create(at(now), stream)).toEqual({ state: "created" });
  return stream;
}

function createEnded(now: number, bytes = 1, overrides: Partial<NewStream> = {}): NewStream {
  const stream = create(now, overrides);
  const { streamId, token } = stream;
  const events = new Uint8Array(bytes);
  const batch = { first: 2, last: 2, writer: token.nonce, events };
  calls.append(at(now), {
    streamId,
    token,
    batch,
    bytes,
    firstContent: 0,
    ending: success,
    progress: undefined,
  });
  return stream;
}

const idsOf = (streams: readonly { readonly streamId: string }[]): string[] =>
  streams.map(({ streamId }) => streamId);

describe("one call that deletes", () => {
  it("deletes 50 streams at most, the longest ended first, and says that there are more", () => {
    const streams = Array.from({ length: 51 }, (_, index) =>
      createEnded(index, 1, { retentionMs: 1_000 }),
    );
    expect(calls.reap(at(1_049), 5_000, 100)).toEqual({ expired: 50, removed: 0, hasMore: true });
    expect(calls.reap(at(1_049), 5_000, 100)).toEqual({ expired: 0, removed: 0, hasMore: false });
    expect(calls.reap(at(1_050), 5_000, 100)).toEqual({ expired: 1, removed: 0, hasMore: false });
    expect(calls.reap(at(6_049), 5_000, 100)).toEqual({ expired: 0, removed: 50, hasMore: true });
    expect(calls.reap(at(6_050), 5_000, 100)).toEqual({ expired: 0, removed: 1, hasMore: false });
    expect(calls.heads(at(6_050), idsOf(streams)).filter(Boolean)).toEqual([]);
  });

  it("stops at the limit that it is given", () => {
    for (let index = 0; index < 5; index++) createEnded(index, 1, { retentionMs: 0 });
    expect(calls.reap(at(10), 5_000, 3)).toEqual({ expired: 3, removed: 0, hasMore: true });
    expect(calls.reap(at(10), 5_000, 3)).toEqual({ expired: 2, removed: 0, hasMore: false });
  });

  it("deletes 4 MiB and the stream that crosses it, and goes on with the next call", () => {
    const mebibyte = 1024 * 1024;
    const own = newStream().start.length;
    for (let index = 0; index < 6; index++) createEnded(index, mebibyte, { retentionMs: 0 });
    const first = calls.cleanup({ ...at(0), now: 10 }, cleanupQuery());
    // None of them is kept: their retention is over.
    expect(first).toEqual({ deleted: 0, freedBytes: 0 });
    expect(calls.reap(at(10), 5_000, 100)).toEqual({ expired: 4, removed: 0, hasMore: true });
    expect(calls.reap(at(10), 5_000, 100)).toEqual({ expired: 2, removed: 0, hasMore: false });
    for (let index = 0; index < 6; index++) createEnded(index, mebibyte);
    const { deleted, freedBytes } = calls.cleanup(at(10), cleanupQuery());
    expect(deleted).toBe(4);
    expect(freedBytes - 4 * mebibyte).toBeGreaterThanOrEqual(4 * own);
    expect(calls.cleanup(at(10), cleanupQuery()).deleted).toBe(2);
  });

  it("discards those that are named, once", () => {
    const [one, other] = [createEnded(1), createEnded(1)];
    const running = create(1);
    const named = [one.streamId, "s.unknown", running.streamId];
    expect(calls.discard(at(2), named)).toMatchObject({ deleted: 1 });
    expect(calls.discard(at(2), named)).toEqual({ deleted: 0, freedBytes: 0 });
    expect(calls.heads(at(2), idsOf([one, other, running]))).toMatchObject([
      { expiredAt: 2 },
      { expiredAt: undefined },
      { phase: "running" },
    ]);
  });

  it("cleans up 50 at most, and no more than it is asked for", () => {
    for (let index = 0; index < 60; index++) createEnded(index);
    expect(calls.cleanup(at(100), cleanupQuery({ limit: 7 })).deleted).toBe(7);
    expect(calls.cleanup(at(100), cleanupQuery({ limit: 100 })).deleted).toBe(50);
    expect(calls.cleanup(at(100), cleanupQuery({ limit: 100 })).deleted).toBe(3);
  });
});

describe("what a cleanup would delete", () => {
  it("is counted: those that ended so long ago, with a sample of 100 and what still runs", () => {
    const streams = Array.from({ length: 120 }, (_, index) => createEnded(index));
    create(10);
    create(90);
    const count = calls.countCleanable(at(150), cleanupQuery({ olderThanMs: 50 }));
    expect(count).toMatchObject({ matched: 101, skipped: 2 });
    expect(count.sample).toEqual(idsOf(streams.slice(0, 100)));
    expect(count.bytes).toBeGreaterThan(101);
    expect(calls.countCleanable(at(150), cleanupQuery({ olderThanMs: 61 }))).toMatchObject({
      matched: 90,
      skipped: 1,
    });
    expect(calls.countCleanable(at(150), cleanupQuery({ phases: ["failed"] }))).toMatchObject({
      matched: 0,
      bytes: 0,
      sample: [],
    });
    expect(calls.countCleanable(at(150), cleanupQuery({ phases: ["completed"] })).matched).toBe(
      120,
    );
  });
});

describe("a listing", () => {
  it("looks at 200 streams a call, the newest first, and says where the next one goes on", () => {
    const streams = Array.from({ length: 250 }, (_, index) => create(index, { caller: "b" }));
    const last = create(250);
    const one = calls.list(at(300), listQuery({ caller: "caller-a" }));
    expect([idsOf(one.streams), one.next]).toEqual([
      [last.streamId],
      { createdAt: 51, streamId: streams[51]?.streamId },
    ]);
    const rest = calls.list(at(300), listQuery({ caller: "caller-a", after: one.next }));
    expect(rest).toEqual({ streams: [], next: undefined });
  });

  it("stops at its limit, behind the last stream that it shows", () => {
    const streams = Array.from({ length: 5 }, (_, index) => create(index));
    const page = calls.list(at(10), listQuery({ limit: 2 }));
    expect(idsOf(page.streams)).toEqual(idsOf([...streams].reverse().slice(0, 2)));
    expect(page.next).toEqual({ createdAt: 3, streamId: streams[3]?.streamId });
    const after = page.next;
    const next = calls.list(at(10), listQuery({ limit: 100, after }));
    expect(idsOf(next.streams)).toEqual(idsOf([...streams].reverse().slice(2)));
    expect(next.next).toBeUndefined();
  });

  it("has none whose retention is over", () => {
    createEnded(0, 1, { retentionMs: 10 });
    expect(calls.list(at(9), listQuery()).streams).toHaveLength(1);
    expect(calls.list(at(10), listQuery()).streams).toEqual([]);
  });
});
