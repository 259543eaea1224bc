import type { DatabaseSync } from "node:sqlite";
import { asOf, due } from "../stream-machine.ts";
import { asksForRunning, isCleanable, LOOKED_AT, matches } from "../stream-query.ts";
import type { CleanupQuery, ListPlace, StoredStream } from "../stream-store.ts";
import type { StreamHandlers } from "./stream-calls.ts";
import { answerOf, type Row, rowOf, type StreamTable } from "./stream-table.ts";

/** Streams and bytes that one call deletes. Appends run between calls. */
const DELETED = 50;
const DELETED_BYTES = 4 * 1024 * 1024;
const SAMPLE = 100;

const ENDED = "endedAt IS NOT NULL AND expiredAt IS NULL";
/** An empty list of phases means all. */
const CLEANABLE = `${ENDED} AND endedAt <= :until AND endedAt + retentionMs > :now
  AND (:phases = '[]' OR phase IN (SELECT value FROM json_each(:phases)))`;

function placeOf({ createdAt, streamId }: ListPlace): ListPlace {
  return { createdAt, streamId };
}

function cleanable({ phases, olderThanMs }: CleanupQuery, now: number) {
  return { now, until: now - olderThanMs, phases: JSON.stringify(phases) };
}

/** Listing, expiry and deletion. */
export function createRetentionCalls(
  db: DatabaseSync,
  table: StreamTable,
): StreamHandlers<"list" | "reap" | "countCleanable" | "cleanup" | "discard"> {
  const newest = (among: string) =>
    db.prepare(
      `SELECT * FROM stream WHERE ${among} AND (createdAt, streamId) < (?, ?)
       ORDER BY createdAt DESC, streamId DESC LIMIT ${LOOKED_AT}`,
    );
  const newestOfAll = newest("expiredAt IS NULL");
  const newestRunning = newest("phase = 'running'");
  const retained = db.prepare(
    `SELECT * FROM stream WHERE ${ENDED} AND endedAt + retentionMs <= ?
     ORDER BY endedAt + retentionMs LIMIT ?`,
  );
  const tombstones = db.prepare(
    "SELECT * FROM stream WHERE expiredAt IS NOT NULL AND expiredAt <= ? ORDER BY expiredAt LIMIT ?",
  );
  const count = db.prepare(
    `SELECT count(*) AS matched, coalesce(sum(bytes), 0) AS bytes FROM stream WHERE ${CLEANABLE}`,
  );
  const sample = db.prepare(
    `SELECT streamId FROM stream WHERE ${CLEANABLE} ORDER BY endedAt LIMIT ${SAMPLE}`,
  );
  const skipped = db.prepare(
    "SELECT count(*) AS skipped FROM stream WHERE phase = 'running' AND createdAt <= ?",
  );
  const cleanableRows = db.prepare(
    `SELECT * FROM stream WHERE ${CLEANABLE} ORDER BY endedAt LIMIT :limit`,
  );

  function expireAll(rows: readonly Row[], now: number): { deleted: number; freedBytes: number } {
    let deleted = 0;
    let freedBytes = 0;
    for (const row of rows) {
      if (freedBytes >= DELETED_BYTES) break;
      if (!table.expire(row, now)) continue;
      deleted++;
      freedBytes += row.record.bytes;
    }
    return { deleted, freedBytes };
  }

  return {
    list(moment, query) {
      const after = query.after ?? { createdAt: Number.MAX_SAFE_INTEGER, streamId: "" };
      const candidates = asksForRunning(query) ? newestRunning : newestOfAll;
      const streams: StoredStream[] = [];
      let looked = 0;
      let next: ListPlace | undefined;
      // Rows after the last one of the page are not read.
      for (const columns of candidates.iterate(after.createdAt, after.streamId)) {
        const stream = answerOf(rowOf(columns).record, moment);
        looked++;
        next = placeOf(stream);
        if (stream.expiredAt === undefined && matches(stream, stream, query)) streams.push(stream);
        if (streams.length >= query.limit) return { streams, next };
      }
      return { streams, next: looked < LOOKED_AT ? undefined : next };
    },

    reap({ now }, tombstoneMs, limit) {
      const bound = Math.min(limit, DELETED);
      const old = tombstones.all(now - tombstoneMs, bound).map(rowOf);
      for (const { number, record } of old) {
        if (due(record, now, tombstoneMs) === "delete") table.remove(number);
      }
      const ended = retained.all(now, bound).map(rowOf);
      const { deleted } = expireAll(
        ended.filter(({ record }) => due(record, now, tombstoneMs) === "expire"),
        now,
      );
      const hasMore = old.length === bound || ended.length === bound || deleted < ended.length;
      return { expired: deleted, removed: old.length, hasMore };
    },

    countCleanable({ now }, query) {
      const criteria = cleanable(query, now);
      const counts = count.get(criteria) as { matched: number; bytes: number };
      const running = skipped.get(now - query.olderThanMs) as { skipped: number };
      const names = sample.all(criteria).map((row) => String(row["streamId"]));
      return { matched: counts.matched, bytes: counts.bytes, ...running, sample: names };
    },

    cleanup({ now }, query) {
      const limit = Math.min(query.limit, DELETED);
      const rows = cleanableRows.all({ ...cleanable(query, now), limit }).map(rowOf);
      return expireAll(
        rows.filter(({ record }) => isCleanable(record, query, now)),
        now,
      );
    },

    discard({ now }, streamIds) {
      const rows = streamIds.flatMap((streamId) => table.get(streamId) ?? []);
      return expireAll(
        rows.filter(({ record }) => asOf(record, now).expiredAt === undefined),
        now,
      );
    },
  };
}
