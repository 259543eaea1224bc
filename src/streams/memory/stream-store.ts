import type { Clock } from "../../clock.ts";
import { createProcessSessions } from "../../store/process-sessions.ts";
import { storeFull } from "../../store/store-unavailable.ts";
import { sizeOf } from "../batches.ts";
import {
  append,
  asOf,
  cancelRequested,
  claim,
  created,
  due,
  handedOff,
  isSameToken,
  repeated,
} from "../stream-machine.ts";
import { isCleanable, LOOKED_AT, matches, newestFirst } from "../stream-query.ts";
import type { StreamRecord } from "../stream-record.ts";
import type {
  AppendResult,
  CreateAnswer,
  ListPlace,
  ListQuery,
  ReadResult,
  StoredStream,
  StreamStore,
} from "../stream-store.ts";
import { type MemoryStream, MemoryStreams } from "./memory-streams.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /**
   * Memory that all streams together may hold, with their records and what is remembered of those that
   * have expired. Finished streams go first, running ones never.
   */
  readonly maxBytes: number;
}

const SAMPLE = 100;
/** Tombstones that one call of `reap` deletes for each stream that it may expire: they are cheap. */
const TOMBSTONES_PER_STREAM = 10;

/** Streams in the memory of this process: the default. A call is one turn of the event loop, and so atomic. */
export function createMemoryStore({ clock, maxBytes }: MemoryStoreOptions): StreamStore {
  const { living, ...sessions } = createProcessSessions();
  /** The store's time is that of its beginning, counted on: a step of the wall clock expires nothing. */
  const beganAt = clock.wallTime() - clock.now();
  const time = (): number => Math.floor(beganAt + clock.now());
  const streams = new MemoryStreams(maxBytes, time());

  function answer(record: StreamRecord, now: number): StoredStream {
    return { ...asOf(record, now), now, isOwnerAlive: living.has(record.owner) };
  }

  /** The stream that an idempotency key leads to; undefined: the key is free. */
  function bound(caller: string, requestId: string, now: number): StoredStream | undefined {
    const found = requestId === "" ? undefined : streams.byKey(caller, requestId);
    const stream = found === undefined ? undefined : answer(found.record, now);
    return stream?.isBound === true ? stream : undefined;
  }

  /** Streams among which those of a query are, the newest first. */
  function candidates({ phases, after }: ListQuery): Iterable<MemoryStream> {
    const isRunning = phases.every((phase) => phase === "running" || phase === "orphaned");
    if (phases.length === 0 || !isRunning) return streams.behind(after);
    return Array.from(streams.running)
      .filter(({ record }) => after === undefined || newestFirst(after, record) < 0)
      .sort((a, b) => newestFirst(a.record, b.record));
  }

  const store: StreamStore = {
    capabilities: { type: "memory", isShared: false, durability: "process" },
    held: () => streams.held,
    subscribe: undefined,
    ...sessions,
    async check() {
      if (streams.isFull) throw storeFull();
    },

    create(stream): CreateAnswer {
      const now = time();
      const known = streams.get(stream.streamId);
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
      const { start, request, token } = stream;
      const first = { first: 1, last: 1, writer: token.nonce, events: [start] };
      if (!streams.add(created(stream, now), first, request, now)) throw storeFull();
      return { state: "created" };
    },

    append({ streamId, token, batch, firstContent, ending, progress }): AppendResult {
      const now = time();
      const stream = streams.get(streamId);
      const { first, last } = batch;
      const bytes = sizeOf(batch.events);
      const step = { token, first, last, bytes, firstContent, ending, progress };
      const { answer: result, after } = append(stream?.record, step, now);
      if (stream === undefined || (after === undefined && result.state !== "repeated")) {
        return result as Exclude<typeof result, { state: "stored" | "repeated" }>;
      }
      if (after !== undefined && !streams.append(stream, after, batch, now)) throw storeFull();
      const { cancel } = stream.record;
      return { ...(result as Extract<typeof result, { tail: number }>), cancel } as AppendResult;
    },

    read(streamId, cursor, limit): ReadResult {
      const found = streams.get(streamId);
      if (found === undefined) return { state: "gone" };
      const { record, log } = found;
      const stream = answer(record, time());
      if (log === undefined || stream.expiredAt !== undefined) return { state: "expired", stream };
      const { sequence, writer } = cursor;
      if (sequence > record.tail) return { state: "ahead", stream };
      if (writer !== 0 && sequence > 0 && log.writerOf(sequence) !== writer) {
        return { state: "diverged", stream };
      }
      return { state: "read", stream, ...log.read(sequence, limit) };
    },
    async touchReaders(streamIds) {
      const now = time();
      for (const id of streamIds) {
        const stream = streams.get(id);
        if (stream !== undefined) streams.update(stream, { ...stream.record, readersSeenAt: now });
      }
    },

    async find(caller, requestId) {
      return bound(caller, requestId, time());
    },
    async heads(streamIds) {
      const now = time();
      return streamIds.map((id) => {
        const record = streams.get(id)?.record;
        return record === undefined ? undefined : answer(record, now);
      });
    },
    async requestCancel(streamId, reason) {
      const stream = streams.get(streamId);
      if (stream === undefined) return undefined;
      streams.update(stream, cancelRequested(stream.record, reason));
      return answer(stream.record, time());
    },

    async orphans(limit) {
      const now = time();
      const found: StoredStream[] = [];
      for (const { record } of streams.running) {
        if (found.length >= limit) break;
        if (record.handedOff || !living.has(record.owner)) found.push(answer(record, now));
      }
      return found;
    },
    async claim(streamId, expectedEpoch, next) {
      const stream = streams.get(streamId);
      const isAlive = living.has(stream?.record.owner ?? "");
      const { answer: result, after } = claim(stream?.record, expectedEpoch, isAlive, next);
      if (stream === undefined || after === undefined || result.state !== "claimed") {
        return result as Exclude<typeof result, { state: "claimed" }>;
      }
      streams.update(stream, after);
      return { state: "claimed", stream: answer(after, time()) };
    },
    async handOff(streamId, token, cause) {
      const stream = streams.get(streamId);
      const after = handedOff(stream?.record, token, cause);
      if (stream === undefined || after === undefined) return false;
      streams.update(stream, after);
      return true;
    },
    async loadRequest(streamId) {
      return streams.get(streamId)?.request;
    },

    async list(query) {
      const now = time();
      const found: StoredStream[] = [];
      let next: ListPlace | undefined;
      let looked = 0;
      for (const { record } of candidates(query)) {
        if (found.length >= query.limit || looked >= LOOKED_AT) return { streams: found, next };
        looked++;
        next = { createdAt: record.createdAt, streamId: record.streamId };
        if (asOf(record, now).expiredAt !== undefined) continue;
        const isOwnerAlive = living.has(record.owner);
        if (matches(record, { now, isOwnerAlive }, query)) found.push(answer(record, now));
      }
      return { streams: found, next: undefined };
    },
    async reap(tombstoneMs, limit) {
      const now = time();
      let removed = 0;
      for (const tombstone of streams.tombstones) {
        const isDue = due(tombstone.record, now, tombstoneMs) === "delete";
        if (!isDue || removed++ >= limit * TOMBSTONES_PER_STREAM) break;
        streams.remove(tombstone);
      }
      let count = 0;
      for (const stream of streams.due(now)) {
        if (count >= limit) break;
        if (due(stream.record, now, tombstoneMs) === "expire" && streams.expire(stream, now))
          count++;
      }
      return { expired: count };
    },
    async cleanup(query) {
      const now = time();
      const result = { matched: 0, deleted: 0, skipped: 0, freedBytes: 0, truncated: false };
      const sample: string[] = [];
      for (const { record } of streams.running) {
        if (now - record.createdAt < query.olderThanMs) break;
        result.skipped++;
      }
      for (const stream of streams.ended) {
        const { record } = stream;
        if (now - (record.endedAt ?? now) < query.olderThanMs) break;
        if (!isCleanable(record, query, now)) continue;
        result.matched++;
        if (sample.length < SAMPLE) sample.push(record.streamId);
        if (!query.dryRun && result.deleted >= query.limit) {
          result.truncated = true;
          continue;
        }
        result.freedBytes += record.bytes;
        if (!query.dryRun && streams.expire(stream, now)) result.deleted++;
      }
      return { ...result, sample };
    },

    async discard(streamIds) {
      const now = time();
      const kept = streamIds
        .flatMap((streamId) => streams.get(streamId) ?? [])
        .filter(({ record }) => asOf(record, now).expiredAt === undefined);
      return { deleted: kept.filter((stream) => streams.expire(stream, now)).length };
    },
    async close() {
      streams.clear();
    },
  };
  return store;
}
