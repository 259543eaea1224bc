// Checks of time, visibility and left-overs: P9 to P11, P16, P17.
import { entriesOf, groupBy, type HistoryEntry, type Violation } from "../history.ts";

/** Time until a provider's call ends after a cancel: two seconds and an append. */
const CANCEL_MS = 3_000;
/** Additional time after the grace. */
const GRACE_SLACK_MS = 5_000;
/** Time until a replica notices that a connection is gone. */
const NOTICE_MS = 1_000;
const ORPHAN_MS = 10_000;
/** A stream that makes progress makes some within this time. */
const PROGRESS_MS = 10_000;
/** Reapers run every 30 s, plus or minus half. */
const REAP_MS = 45_000;

interface Span {
  readonly from: number;
  readonly to: number;
}

function isQuiet(faults: readonly Span[], from: number, to: number): boolean {
  return !faults.some((fault) => fault.from <= to && fault.to >= from);
}

function isAt(at: number): (span: Span) => boolean {
  return ({ from, to }) => from <= at && at <= to;
}

/**
 * P9: provider calls end after a cancel, and after the grace that begins when the last reader leaves. Times with
 * injected faults do not count.
 */
export function checkStops(history: readonly HistoryEntry[]): Violation[] {
  const faults = entriesOf(history, "fault").map(({ at, until }) => ({ from: at, to: until }));
  const logs = groupBy(entriesOf(history, "log"), ({ key }) => key);
  const calls = groupBy(entriesOf(history, "call"), ({ key }) => key);
  const end = history.at(-1)?.at ?? 0;
  const keyOf = new Map(entriesOf(history, "begin").map(({ consumer, key }) => [consumer, key]));
  const attached = entriesOf(history, "attach");
  const byKey = groupBy(attached, ({ consumer }) => keyOf.get(consumer) ?? "");
  /** Includes streams that are not stored. */
  const streamsOf = (key: string): number =>
    new Set(byKey.get(key)?.map(({ streamId }) => streamId)).size;
  /** Time at which the last call for a stream was closed; undefined if its calls cannot be told apart. */
  const lastCall = (key: string, from: number): number | undefined => {
    if (key === "" || logs.get(key)?.length !== 1 || streamsOf(key) !== 1) return undefined;
    const open = new Map<number, Span>();
    for (const { call, phase, at } of calls.get(key) ?? []) {
      const known = open.get(call);
      if (phase === "opened") open.set(call, { from: at, to: end });
      else if (known !== undefined) open.set(call, { from: known.from, to: at });
    }
    const running = [...open.values()].filter((span) => span.to > from);
    return Math.max(from, ...running.map(({ to }) => to));
  };
  const violations: Violation[] = [];
  const check = (key: string, streamId: string, from: number, bound: number, what: string) => {
    const closedAt = lastCall(key, from);
    if (closedAt === undefined || closedAt <= from + bound) return;
    if (!isQuiet(faults, from - 1_000, from + bound) || end < from + bound) return;
    const message = `${streamId}: still called ${Math.round(closedAt - from)} ms after ${what}`;
    violations.push({ property: "P9", message });
  };
  const keys = new Map(entriesOf(history, "log").map((log) => [log.streamId, log]));
  for (const { at, streamId, isCancelled } of entriesOf(history, "cancel")) {
    const key = keys.get(streamId)?.key ?? "";
    if (isCancelled) check(key, streamId, at, CANCEL_MS, "a cancel");
  }
  const claims = new Map(entriesOf(history, "claim").map(({ streamId, at }) => [streamId, at]));
  const readers = groupBy(entriesOf(history, "attach", "detach"), ({ streamId }) => streamId);
  for (const [streamId, moves] of readers) {
    const log = keys.get(streamId);
    const last = moves.at(-1);
    if (log?.graceMs === undefined || last?.type !== "detach") continue;
    // A new owner gives readers the same grace.
    const from = Math.max(last.at, claims.get(streamId) ?? 0);
    check(log.key, streamId, from, log.graceMs + GRACE_SLACK_MS + NOTICE_MS, "its last reader");
  }
  return violations;
}

/** Times at which a provider was being called, by key. */
function callsByKey(history: readonly HistoryEntry[]): ReadonlyMap<string, readonly Span[]> {
  const end = history.at(-1)?.at ?? 0;
  const spans = new Map<string, Span[]>();
  for (const [key, entries] of groupBy(entriesOf(history, "call"), (entry) => entry.key)) {
    const open = new Map<number, Span>();
    for (const { call, phase, at } of entries) {
      open.set(call, { from: open.get(call)?.from ?? at, to: phase === "opened" ? end : at });
    }
    spans.set(key, [...open.values()]);
  }
  return spans;
}

/**
 * P10: when faults have stopped, every stream ends or progresses, none stays without an owner, and no consumer
 * waits for ever.
 */
export function checkLiveness(history: readonly HistoryEntry[], sessionTtlMs: number): Violation[] {
  const calm = entriesOf(history, "calm")[0];
  if (calm === undefined) return [];
  const boundAt = calm.at + 2 * sessionTtlMs + 5_000;
  const violations: Violation[] = [];
  const calls = callsByKey(history);
  const keys = new Map(entriesOf(history, "log").map(({ streamId, key }) => [streamId, key]));
  for (const [streamId, sights] of groupBy(entriesOf(history, "running"), (s) => s.streamId)) {
    let orphanSince: number | undefined;
    let progress = { at: sights[0]?.at ?? 0, tail: 0 };
    for (const { at, tail, isOrphan, isWhole } of sights) {
      orphanSince = isOrphan ? (orphanSince ?? at) : undefined;
      // Nothing of a whole answer is stored before its end; it counts as progressing while its provider is called.
      const isCalled = isWhole && calls.get(keys.get(streamId) ?? "")?.some(isAt(at));
      if (tail !== progress.tail || isCalled) progress = { at, tail };
      const isStuck = at > boundAt && at - progress.at > PROGRESS_MS;
      const isLost = orphanSince !== undefined && at - orphanSince > ORPHAN_MS;
      if (!isStuck && !isLost) continue;
      const what = isLost ? "has no owner" : `stands still at ${tail}`;
      violations.push({ property: "P10", message: `${streamId} ${what}` });
      break;
    }
  }
  for (const { streamId, phase } of entriesOf(history, "log")) {
    if (phase === "running")
      violations.push({ property: "P10", message: `${streamId} never ends` });
  }
  const ended = new Set(entriesOf(history, "end").map(({ consumer }) => consumer));
  for (const { consumer } of entriesOf(history, "begin")) {
    if (!ended.has(consumer)) violations.push({ property: "P10", message: `${consumer} waits` });
  }
  return violations;
}

/** P11: nothing outlives its retention and its tombstone, and cleanups keep running streams. */
export function checkRetention(history: readonly HistoryEntry[]): Violation[] {
  const violations: Violation[] = [];
  for (const kept of entriesOf(history, "kept")) {
    const { at, streamId, phase, endedAt, isExpired, retentionMs, tombstoneMs } = kept;
    if (phase === "running" || endedAt === undefined) continue;
    const age = at - endedAt;
    const isOver = age > retentionMs + REAP_MS && !isExpired;
    const isForgotten = age > retentionMs + tombstoneMs + 2 * REAP_MS;
    if (!isOver && !isForgotten) continue;
    const message = `${streamId} is there ${Math.round(age)} ms after its end`;
    violations.push({ property: "P11", message });
  }
  for (const { deleted, before, after } of entriesOf(history, "cleanup")) {
    if (before.ended - after.ended !== deleted || before.running !== after.running) {
      const message = `a cleanup counted ${deleted}: ${JSON.stringify({ before, after })}`;
      violations.push({ property: "P11", message });
    }
  }
  return violations;
}

/** P16: another caller's stream looks like a stream that does not exist. */
export function checkIsolation(history: readonly HistoryEntry[]): Violation[] {
  return entriesOf(history, "foreign")
    .filter(({ code }) => code !== "NOT_FOUND")
    .map(({ streamId, code }) => ({ property: "P16", message: `${streamId}: ${code}` }));
}

/** P17: resources grow with running streams and are freed with them, within a tenth and rounding. */
export function checkResources(history: readonly HistoryEntry[]): Violation[] {
  const found = entriesOf(history, "resources");
  const before = found.find(({ when }) => when === "before")?.held ?? {};
  const after = found.find(({ when }) => when === "after")?.held ?? {};
  return Object.entries(before).flatMap(([what, held]) => {
    const left = after[what] ?? 0;
    if (left <= Math.ceil(held * 1.1)) return [];
    return [{ property: "P17", message: `${what}: ${held} before, ${left} after` }];
  });
}
