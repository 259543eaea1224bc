import { describe, expect, it } from "vitest";
import { created } from "../../../src/streams/stream-machine.ts";
import { isCleanable, matches, newestFirst } from "../../../src/streams/stream-query.ts";
import type { StreamRecord } from "../../../src/streams/stream-record.ts";
import type { CleanupQuery, ListQuery } from "../../../src/streams/stream-store.ts";
import { cleanupQuery, listQuery, newStream, progressOf } from "../../support/stored-streams.ts";

const NOW = 10_000;

/** A running stream of `alice`, whose last event is of 4,000. */
function record(overrides: Partial<StreamRecord> = {}): StreamRecord {
  const stream = newStream({ caller: "alice", progress: progressOf("openai") });
  return { ...created(stream, 1_000), updatedAt: 4_000, ...overrides };
}

const ended = { phase: "completed", endedAt: 4_000, retentionMs: 8_000 } as const;

it("the newest is first, and of two of one millisecond the one with the later name", () => {
  const places = [
    { createdAt: 1, streamId: "s.b" },
    { createdAt: 2, streamId: "s.a" },
    { createdAt: 1, streamId: "s.c" },
    { createdAt: 3, streamId: "s.0" },
  ];
  expect(places.toSorted(newestFirst).map(({ streamId }) => streamId)).toEqual([
    "s.0",
    "s.a",
    "s.c",
    "s.b",
  ]);
  const [one] = places;
  expect(one && newestFirst(one, { ...one })).toBe(0);
});

describe("a listing", () => {
  it.each<[boolean, Partial<ListQuery>, Partial<StreamRecord>, boolean]>([
    [true, {}, {}, true],
    [true, {}, ended, true],
    [true, { phases: ["running"] }, {}, true],
    [false, { phases: ["running"] }, {}, false],
    [true, { phases: ["orphaned"] }, {}, false],
    [false, { phases: ["orphaned"] }, {}, true],
    // What has ended needs no owner.
    [false, { phases: ["orphaned"] }, ended, false],
    [true, { phases: ["completed"] }, ended, false],
    [true, { phases: ["failed", "completed"] }, ended, true],
    [false, { phases: ["failed"] }, ended, true],
    [true, { provider: "openai" }, {}, true],
    [false, { provider: "anthropic" }, {}, true],
    [true, { caller: "alice" }, {}, true],
    [false, { caller: "bob" }, {}, true],
    [false, { caller: "bob", provider: "openai" }, {}, true],
    [true, { olderThanMs: 6_000 }, {}, true],
    [false, { olderThanMs: 6_001 }, {}, true],
    [true, { after: { createdAt: 1_001, streamId: "s" } }, {}, true],
    [false, { after: { createdAt: 999, streamId: "s" } }, {}, true],
    [false, { after: { createdAt: 1_000, streamId: "s.a" } }, { streamId: "s.a" }, true],
    [true, { after: { createdAt: 1_000, streamId: "s.b" } }, { streamId: "s.a" }, true],
    [false, { after: { createdAt: 1_000, streamId: "s.a" } }, { streamId: "s.b" }, true],
  ])("%s for %j of %j, its owner alive: %s", (expected, query, overrides, isOwnerAlive) => {
    const moment = { now: NOW, isOwnerAlive };
    expect(matches(record(overrides), moment, listQuery(query))).toBe(expected);
  });
});

describe("a cleanup", () => {
  it.each<[boolean, Partial<CleanupQuery>, Partial<StreamRecord>]>([
    [false, {}, {}],
    [true, {}, ended],
    [true, { olderThanMs: 6_000 }, ended],
    [false, { olderThanMs: 6_001 }, ended],
    [true, { phases: ["completed"] }, ended],
    [false, { phases: ["failed"] }, ended],
    [true, { phases: ["failed", "completed"] }, ended],
    [false, {}, { ...ended, expiredAt: 9_000 }],
    // Its retention is over, though nobody has written that down.
    [false, {}, { ...ended, retentionMs: 6_000 }],
    [true, {}, { ...ended, retentionMs: 6_001 }],
  ])("%s for %j of %j", (expected, query, overrides) => {
    expect(isCleanable(record(overrides), cleanupQuery(query), NOW)).toBe(expected);
  });
});
