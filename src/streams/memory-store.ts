import type { Clock } from "../clock.ts";
import { position, sizeOf } from "./batches.ts";
import { createProcessSessions } from "./process-sessions.ts";
import {
  append,
  asOf,
  cancelRequested,
  claim,
  created,
  due,
  expired,
  handedOff,
  isSameToken,
  repeated,
} from "./stream-machine.ts";
import { isCleanable, matches, newestFirst } from "./stream-query.ts";
import type { Batch, StreamRecord } from "./stream-record.ts";
import type {
  AppendResult,
  CreateAnswer,
  ReadResult,
  StoredStream,
  StreamStore,
} from "./stream-store.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Events of all streams together; finished streams go first, running ones never. */
  readonly maxBytes: number;
  /** Records, tombstones included. */
  readonly maxStreams: number;
}

interface Entry {
  record: StreamRecord;
  batches: Batch[];
  request: Uint8Array | undefined;
}

const SAMPLE = 100;

function keyOf(caller: string, requestId: string): string {
  return JSON.stringify([caller, requestId]);
}

/** Streams in the memory of this process: the default. A call is one turn of the event loop, and so atomic. */
export function createMemoryStore({
  clock,
  maxBytes,
  maxStreams,
}: MemoryStoreOptions): StreamStore {
  const entries = new Map<string, Entry>();
  const keys = new Map<string, string>();
  /** Streams that have ended with their events, and without: the longest ago first. */
  const ended = new Set<Entry>();
  const tombstones = new Set<Entry>();
  const { living, ...sessions } = createProcessSessions();
  let bytes = 0;
  /** The store's time is that of its beginning, counted on: a step of the wall clock expires nothing. */
  const beganAt = clock.wallTime() - clock.now();
  const time = (): number => Math.floor(beganAt + clock.now());

  function answer(record: StreamRecord, now: number): StoredStream {
    return { ...asOf(record, now), now, isOwnerAlive: living.has(record.owner) };
  }

  /** The stream that an idempotency key leads to; undefined: the key is free. */
  function bound(caller: string, requestId: string, now: number): StoredStream | undefined {
    const streamId = requestId === "" ? undefined : keys.get(keyOf(caller, requestId));
    const entry = streamId === undefined ? undefined : entries.get(streamId);
    const stream = entry === undefined ? undefined : answer(entry.record, now);
    return stream?.isBound === true ? stream : undefined;
  }

  function expire(entry: Entry, now: number): boolean {
    const after = expired(entry.record, now);
    if (after === undefined) return false;
    bytes -= entry.record.bytes;
    entry.record = after;
    entry.batches = [];
    entry.request = undefined;
    ended.delete(entry);
    tombstones.add(entry);
    return true;
  }

  function remove(entry: Entry): void {
    const { record } = entry;
    const key = keyOf(record.caller, record.requestId);
    if (keys.get(key) === record.streamId) keys.delete(key);
    entries.delete(record.streamId);
    tombstones.delete(entry);
  }

  /** Room for events is made among the streams that have ended, the longest ago first. */
  function hasBytes(needed: number, now: number): boolean {
    for (const entry of ended) {
      if (bytes + needed <= maxBytes) break;
      expire(entry, now);
    }
    return bytes + needed <= maxBytes;
  }

  /** Room for a record is made among the tombstones, then among the streams that have ended. */
  function hasPlace(now: number): boolean {
    if (entries.size < maxStreams) return true;
    const [oldest] = tombstones.size > 0 ? tombstones : ended;
    if (oldest === undefined) return false;
    expire(oldest, now);
    remove(oldest);
    return true;
  }

  const store: StreamStore = {
    capabilities: { type: "memory", isShared: false, durability: "process" },
    subscribe: undefined,
    ...sessions,

    create(stream): CreateAnswer {
      const now = time();
      const known = entries.get(stream.streamId);
      if (known !== undefined) {
        return isSameToken(known.record.token, stream.token)
          ? { state: "created" }
          : { state: "exists", stream: answer(known.record, now) };
      }
      const other = bound(stream.caller, stream.requestId, now);
      if (other !== undefined) {
        return repeated(other, stream.fingerprint) === "join"
          ? { state: "exists", stream: other }
          : { state: "conflict" };
      }
      if (!hasPlace(now) || !hasBytes(stream.start.length, now)) return { state: "full" };
      const { start, request, token } = stream;
      const record = created(stream, now);
      const batches = [{ first: 1, last: 1, writer: token.nonce, events: [start] }];
      entries.set(stream.streamId, { record, batches, request });
      if (stream.requestId !== "") {
        keys.set(keyOf(stream.caller, stream.requestId), stream.streamId);
      }
      bytes += start.length;
      return { state: "created" };
    },

    append({ streamId, token, batch, firstContent, ending, progress }): AppendResult {
      const now = time();
      const entry = entries.get(streamId);
      const size = sizeOf(batch.events);
      const { first, last } = batch;
      const step = { token, first, last, bytes: size, firstContent, ending, progress };
      const { answer: result, after } = append(entry?.record, step, now);
      if (entry === undefined || (after === undefined && result.state !== "repeated")) {
        return result as Exclude<typeof result, { state: "stored" | "repeated" }>;
      }
      if (after !== undefined) {
        if (!hasBytes(size, now) && ending === undefined) {
          return { state: "full" };
        }
        entry.record = after;
        entry.batches.push(batch);
        bytes += size;
        if (ending !== undefined) {
          entry.request = undefined;
          ended.add(entry);
        }
      }
      const { cancel } = entry.record;
      return { ...(result as Extract<typeof result, { tail: number }>), cancel } as AppendResult;
    },

    read(streamId, cursor, limit): ReadResult {
      const entry = entries.get(streamId);
      if (entry === undefined) return { state: "gone" };
      const { record, batches } = entry;
      const stream = answer(record, time());
      if (stream.expiredAt !== undefined) return { state: "expired", stream };
      const { sequence, writer } = cursor;
      if (sequence > record.tail) return { state: "ahead", stream };
      if (writer !== 0 && sequence > 0) {
        const holder = batches[position(batches, sequence)];
        if (holder?.writer !== writer) return { state: "diverged", stream };
      }
      const start = position(batches, sequence + 1);
      const found = batches.slice(start, start + limit);
      return { state: "read", stream, batches: found, hasMore: start + limit < batches.length };
    },
    async touchReaders(streamIds) {
      const now = time();
      for (const id of streamIds) {
        const entry = entries.get(id);
        if (entry !== undefined) entry.record = { ...entry.record, readersSeenAt: now };
      }
    },

    async find(caller, requestId) {
      return bound(caller, requestId, time());
    },
    async heads(streamIds) {
      const now = time();
      return streamIds.map((id) => {
        const record = entries.get(id)?.record;
        return record === undefined ? undefined : answer(record, now);
      });
    },
    async requestCancel(streamId, reason) {
      const entry = entries.get(streamId);
      if (entry === undefined) return undefined;
      entry.record = cancelRequested(entry.record, reason);
      return answer(entry.record, time());
    },

    async orphans(limit) {
      const now = time();
      const found: StoredStream[] = [];
      for (const { record } of entries.values()) {
        if (found.length >= limit) break;
        const isOrphan = record.handedOff || !living.has(record.owner);
        if (record.phase === "running" && isOrphan) found.push(answer(record, now));
      }
      return found;
    },
    async claim(streamId, expectedEpoch, next) {
      const entry = entries.get(streamId);
      const isAlive = living.has(entry?.record.owner ?? "");
      const { answer: result, after } = claim(entry?.record, expectedEpoch, isAlive, next);
      if (entry === undefined || after === undefined || result.state !== "claimed") {
        return result as Exclude<typeof result, { state: "claimed" }>;
      }
      entry.record = after;
      return { state: "claimed", stream: answer(after, time()) };
    },
    async handOff(streamId, token) {
      const entry = entries.get(streamId);
      const after = handedOff(entry?.record, token);
      if (entry === undefined || after === undefined) return false;
      entry.record = after;
      return true;
    },
    async loadRequest(streamId) {
      return entries.get(streamId)?.request;
    },

    async list(query) {
      const now = time();
      const matching = Array.from(entries.values(), ({ record }) => answer(record, now)).filter(
        (stream) => stream.expiredAt === undefined && matches(stream, query),
      );
      return matching.sort(newestFirst).slice(0, query.limit);
    },
    async reap(tombstoneMs, limit) {
      const now = time();
      let count = 0;
      for (const entry of entries.values()) {
        if (count >= limit) break;
        const what = due(entry.record, now, tombstoneMs);
        if (what === "delete") remove(entry);
        else if (what === "expire" && expire(entry, now)) count++;
      }
      return { expired: count };
    },
    async cleanup(query) {
      const now = time();
      const result = { matched: 0, deleted: 0, skipped: 0, freedBytes: 0, truncated: false };
      const sample: string[] = [];
      for (const entry of entries.values()) {
        const { record } = entry;
        if (record.phase === "running") {
          if (now - record.createdAt >= query.olderThanMs) result.skipped++;
          continue;
        }
        if (!isCleanable(record, query, now)) continue;
        result.matched++;
        if (sample.length < SAMPLE) sample.push(record.streamId);
        if (!query.dryRun && result.deleted >= query.limit) {
          result.truncated = true;
          continue;
        }
        result.freedBytes += record.bytes;
        if (!query.dryRun && expire(entry, now)) result.deleted++;
      }
      return { ...result, sample };
    },

    async discard(streamIds) {
      const now = time();
      const kept = streamIds
        .flatMap((streamId) => entries.get(streamId) ?? [])
        .filter(({ record }) => asOf(record, now).expiredAt === undefined);
      return { deleted: kept.filter((entry) => expire(entry, now)).length };
    },
    async close() {
      entries.clear();
      keys.clear();
      bytes = 0;
    },
  };
  return store;
}
