import type { MemoryEngine } from "../../store/memory/engine.ts";
import { asOf, due } from "../stream-machine.ts";
import { asksForRunning, isCleanable, LOOKED_AT, matches } from "../stream-query.ts";
import type { ListPlace, ListQuery, RetentionCalls, StoredStream } from "../stream-store.ts";
import type { MemoryStream, MemoryStreams } from "./memory-streams.ts";
import { answerOf } from "./stream-answers.ts";

const SAMPLE = 100;
/** In the order of streams, it stands before every stream of the same millisecond. */
const AFTER_ALL_IDS = "\uffff";
/** Tombstones that one call of `reap` deletes for each stream that it may expire. Tombstones are cheap to delete. */
const TOMBSTONES_PER_STREAM = 10;

/** Streams that can match the query, the newest first. */
function candidates(streams: MemoryStreams, query: ListQuery): Iterable<MemoryStream> {
  return (asksForRunning(query) ? streams.running : streams).behind(query.after);
}

/** Listing, expiry and deletion. */
export function createRetentionCalls(engine: MemoryEngine, streams: MemoryStreams): RetentionCalls {
  return {
    async list(query) {
      const now = engine.time();
      const found: StoredStream[] = [];
      let next: ListPlace | undefined;
      let looked = 0;
      for (const { record } of candidates(streams, query)) {
        if (found.length >= query.limit || looked >= LOOKED_AT) return { streams: found, next };
        looked++;
        next = { createdAt: record.createdAt, streamId: record.streamId };
        if (asOf(record, now).expiredAt !== undefined) continue;
        const isOwnerAlive = engine.sessions.living.has(record.owner);
        if (matches(record, { now, isOwnerAlive }, query))
          found.push(answerOf(engine, record, now));
      }
      return { streams: found, next: undefined };
    },
    async reap(tombstoneMs, limit) {
      const now = engine.time();
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
      const now = engine.time();
      const result = { matched: 0, deleted: 0, skipped: 0, freedBytes: 0, truncated: false };
      const sample: string[] = [];
      const oldEnough = { createdAt: now - query.olderThanMs, streamId: AFTER_ALL_IDS };
      for (const _ of streams.running.behind(oldEnough)) result.skipped++;
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
      const now = engine.time();
      const kept = streamIds
        .flatMap((streamId) => streams.get(streamId) ?? [])
        .filter(({ record }) => asOf(record, now).expiredAt === undefined);
      return { deleted: kept.filter((stream) => streams.expire(stream, now)).length };
    },
  };
}
