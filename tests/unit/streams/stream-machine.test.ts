import { describe, expect, it } from "vitest";
import {
  append,
  cancelRequested,
  claim,
  created,
  due,
  expired,
  handedOff,
  repeated,
} from "../../../src/streams/stream-machine.ts";
import type { StreamRecord } from "../../../src/streams/stream-record.ts";
import { failure, newStream, progressOf, success } from "../../support/stored-streams.ts";

const token = { epoch: 2, nonce: 22 };

/** A running stream of five events, the third of them with content. */
function record(overrides: Partial<StreamRecord> = {}): StreamRecord {
  const stream = newStream({ token, requestId: "request-1", fingerprint: "this" });
  return { ...created(stream, 1_000), tail: 5, firstContent: 3, ...overrides };
}

const ended = { phase: "completed", endedAt: 2_000 } as const;
const tombstone = { ...ended, expiredAt: 3_000, isBound: false };

describe("append", () => {
  const step = {
    token,
    first: 6,
    last: 7,
    bytes: 100,
    firstContent: 0,
    ending: undefined,
    progress: undefined,
  };

  it.each([
    { state: "stored", tail: 7 },
    { state: "stored", tail: 7, step: { ending: success } },
    { state: "stored", tail: 7, record: { handedOff: true } },
    { state: "stored", tail: 7, record: { cancel: "caller" } },
    { state: "repeated", tail: 5, step: { first: 4, last: 5 } },
    { state: "repeated", tail: 5, step: { first: 2, last: 3 } },
    { state: "repeated", tail: 5, step: { first: 4, last: 5, ending: success }, record: ended },
    { state: "overlap", tail: 5, step: { first: 5 } },
    { state: "overlap", tail: 5, step: { first: 1 } },
    { state: "gap", tail: 5, step: { first: 7 } },
    { state: "closed", tail: 5, record: ended },
    { state: "closed", tail: 5, record: ended, step: { first: 5 } },
    { state: "closed", tail: 5, record: ended, step: { first: 7 } },
    { state: "fenced", step: { token: { epoch: 1, nonce: 22 } } },
    { state: "fenced", step: { token: { epoch: 3, nonce: 22 } } },
    { state: "fenced", step: { token: { epoch: 2, nonce: 23 } } },
    { state: "fenced", step: { token: { epoch: 1, nonce: 11 }, first: 4, last: 5 } },
    { state: "fenced", step: { token: { epoch: 1, nonce: 11 } }, record: ended },
    { state: "gone", record: tombstone },
    { state: "gone", record: tombstone, step: { first: 4, last: 5 } },
  ] as const)("answers $state: $step of $record", (row) => {
    const before = record("record" in row ? row.record : {});
    const asked = { ...step, ...("step" in row ? row.step : {}) };
    const { answer, after } = append(before, asked, 9_000);
    const expected = "tail" in row ? { state: row.state, tail: row.tail } : { state: row.state };
    expect(answer).toEqual(expected);
    expect(after !== undefined).toBe(row.state === "stored");
  });

  it("answers gone where there is nothing", () => {
    expect(append(undefined, step, 0)).toEqual({ answer: { state: "gone" } });
  });

  it("changes what it has to, and nothing else", () => {
    const before = record();
    expect(append(before, step, 9_000).after).toEqual({
      ...before,
      tail: 7,
      bytes: before.bytes + 100,
      updatedAt: 9_000,
    });
    const progress = progressOf("provider-b");
    const first = append({ ...before, firstContent: 0 }, { ...step, firstContent: 7, progress }, 1);
    expect(first.after).toMatchObject({ firstContent: 7, progress });
    const later = append(before, { ...step, firstContent: 7 }, 1);
    expect(later.after).toMatchObject({ firstContent: 3 });
  });

  it.each([
    { ending: success, isBound: true },
    { ending: failure, isBound: false },
    { ending: { phase: "cancelled", freesKey: true } as const, isBound: false },
    { ending: { phase: "cancelled", freesKey: false } as const, isBound: true },
  ])("ends as $ending.phase, its key bound: $isBound", ({ ending, isBound }) => {
    const { after } = append(record(), { ...step, ending }, 9_000);
    expect(after).toMatchObject({ phase: ending.phase, endedAt: 9_000, isBound, tail: 7 });
    const keyless = append(record({ isBound: false }), { ...step, ending }, 9_000);
    expect(keyless.after?.isBound).toBe(false);
  });
});

describe("claim", () => {
  const next = { session: "session-b", nonce: 33 };

  it.each([
    { state: "claimed", isOwnerAlive: false },
    { state: "claimed", isOwnerAlive: true, record: { handedOff: true } },
    { state: "held", isOwnerAlive: true },
    { state: "raced", isOwnerAlive: false, epoch: 1 },
    { state: "raced", isOwnerAlive: false, epoch: 3 },
    { state: "raced", isOwnerAlive: true, epoch: 1 },
    { state: "closed", isOwnerAlive: false, record: ended },
    { state: "gone", isOwnerAlive: false, record: tombstone },
  ] as const)("answers $state: owner alive $isOwnerAlive, $record", (row) => {
    const before = record("record" in row ? row.record : {});
    const { answer, after } = claim(before, "epoch" in row ? row.epoch : 2, row.isOwnerAlive, next);
    expect(answer).toEqual({ state: row.state });
    expect(after !== undefined).toBe(row.state === "claimed");
  });

  it("answers gone where there is nothing", () => {
    expect(claim(undefined, 1, false, next)).toEqual({ answer: { state: "gone" } });
  });

  it("mints the next epoch, and counts what nobody had asked for", () => {
    const before = record();
    const claimed = { token: { epoch: 3, nonce: 33 }, owner: "session-b", handedOff: false };
    expect(claim(before, 2, false, next).after).toEqual({ ...before, ...claimed, takeovers: 1 });
    const offered = { ...before, handedOff: true, takeovers: 1 };
    expect(claim(offered, 2, true, next).after).toEqual({ ...before, ...claimed, takeovers: 1 });
  });

  it("is the same once it is done, and of nobody else", () => {
    const { after } = claim(record(), 2, false, next);
    const again = claim(after, 2, true, next);
    expect(again).toEqual({ answer: { state: "claimed" }, after });
    expect(claim(after, 2, true, { ...next, nonce: 34 }).answer).toEqual({ state: "raced" });
    const lost = claim(after, 3, false, { session: "session-c", nonce: 44 }).after;
    expect(claim(lost, 2, false, next).answer).toEqual({ state: "raced" });
  });
});

describe("the rest of a life", () => {
  it("begins with its first event", () => {
    const stream = newStream({ requestId: "", request: undefined, totalMs: 500 });
    expect(created(stream, 1_000)).toMatchObject({
      phase: "running",
      tail: 1,
      bytes: stream.start.length,
      isBound: false,
      canMove: false,
      keepsRequest: false,
      deadlineAt: 1_500,
    });
  });

  it("has a size to which a request is added that is kept with the events", () => {
    const stream = newStream({ keepsRequest: true, canMove: false });
    expect(created(stream, 1_000)).toMatchObject({
      bytes: stream.start.length + (stream.request?.length ?? 0),
      canMove: false,
      keepsRequest: true,
    });
    expect(created({ ...stream, request: undefined }, 1_000).bytes).toBe(stream.start.length);
  });

  it("is told to stop once, while it runs", () => {
    const first = cancelRequested(record(), "disconnect");
    expect(first.cancel).toBe("disconnect");
    expect(cancelRequested(first, "caller")).toBe(first);
    const done = record(ended);
    expect(cancelRequested(done, "caller")).toBe(done);
  });

  it("is handed off by its owner alone, while it runs", () => {
    expect(handedOff(record(), token, "planned")).toMatchObject({
      handedOff: true,
      token,
      takeovers: 0,
      handOvers: 1,
    });
    expect(handedOff(record(), token, "lost")).toMatchObject({ takeovers: 1, handOvers: 0 });
    const offered = record({ handedOff: true, handOvers: 1 });
    expect(handedOff(offered, token, "lost")).toBe(offered);
    expect(handedOff(record(), { epoch: 2, nonce: 1 }, "planned")).toBeUndefined();
    expect(handedOff(record(), { epoch: 1, nonce: 22 }, "planned")).toBeUndefined();
    expect(handedOff(record(ended), token, "planned")).toBeUndefined();
    expect(handedOff(undefined, token, "planned")).toBeUndefined();
  });

  it("expires once, after its end", () => {
    expect(expired(record(), 9_000)).toBeUndefined();
    const after = expired(record(ended), 9_000);
    expect(after).toMatchObject({ expiredAt: 9_000, isBound: false, phase: "completed" });
    expect(after && expired(after, 9_500)).toBeUndefined();
  });

  it.each([
    { what: "keep", record: {}, now: 1e12 },
    { what: "keep", record: { cancel: "caller", handedOff: true }, now: 1e12 },
    { what: "keep", record: ended, now: 2_099 },
    { what: "expire", record: ended, now: 2_100 },
    { what: "keep", record: tombstone, now: 3_049 },
    { what: "delete", record: tombstone, now: 3_050 },
  ] as const)("$what at $now: $record", ({ what, record: overrides, now }) => {
    expect(due(record({ ...overrides, retentionMs: 100 }), now, 50)).toBe(what);
  });

  it.each([
    { way: "join", fingerprint: "this", record: {} },
    { way: "join", fingerprint: "this", record: ended },
    { way: "conflict", fingerprint: "that", record: {} },
    { way: "free", fingerprint: "this", record: { ...ended, isBound: false } },
    { way: "free", fingerprint: "that", record: tombstone },
  ] as const)("lets a second call with its key $way: $record", (row) => {
    expect(repeated(record(row.record), row.fingerprint)).toBe(row.way);
    expect(repeated(undefined, row.fingerprint)).toBe("free");
  });
});
