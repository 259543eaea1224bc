import type { DatabaseSync } from "node:sqlite";
import { cancelRequested, claim, handedOff } from "../stream-machine.ts";
import type { ClaimResult } from "../stream-store.ts";
import type { StreamHandlers } from "./stream-calls.ts";
import { answerOf, rowOf, type StreamTable } from "./stream-table.ts";

/** Longer than any value of a file. */
const MAX_BLOB = 2 ** 31 - 1;

const OWNED = "phase = 'running' AND handedOff = 0";

/** Calls that concern writers, readers and cancels of a stream. */
export function createOwnershipCalls(
  db: DatabaseSync,
  table: StreamTable,
): StreamHandlers<
  | "touchReaders"
  | "find"
  | "heads"
  | "requestCancel"
  | "orphans"
  | "claim"
  | "handOff"
  | "loadRequest"
> {
  const touch = db.prepare("UPDATE stream SET readersSeenAt = ? WHERE streamId = ?");
  const waiting = db.prepare(
    "SELECT * FROM stream WHERE phase = 'running' AND handedOff = 1 ORDER BY createdAt LIMIT ?",
  );
  // One step in the index leads to the next owner, however many streams each has.
  const nextOwner = db.prepare(
    `SELECT min(owner) AS owner FROM stream WHERE ${OWNED} AND owner > ?`,
  );
  const ownedBy = db.prepare(`SELECT * FROM stream WHERE ${OWNED} AND owner = ? LIMIT ?`);
  const request = db.prepare(
    `SELECT substr(body, 1, ?) AS body FROM request JOIN stream ON stream = number
     WHERE streamId = ? AND (endedAt IS NULL OR endedAt + retentionMs > ?)`,
  );

  return {
    touchReaders({ now }, streamIds) {
      for (const streamId of streamIds) touch.run(now, streamId);
    },
    find(moment, caller, requestId) {
      const row = table.bound(caller, requestId);
      const stream = row === undefined ? undefined : answerOf(row.record, moment);
      return stream?.isBound === true ? stream : undefined;
    },
    heads(moment, streamIds) {
      return streamIds.map((streamId) => {
        const row = table.get(streamId);
        return row === undefined ? undefined : answerOf(row.record, moment);
      });
    },
    requestCancel(moment, streamId, reason) {
      const row = table.get(streamId);
      if (row === undefined) return undefined;
      const after = cancelRequested(row.record, reason);
      if (after !== row.record) table.update(row.number, after);
      return answerOf(after, moment);
    },
    orphans(moment, limit) {
      const rows = waiting.all(limit);
      const next = (owner: string) => nextOwner.get(owner)?.["owner"] as string | null;
      for (let owner = next(""); owner !== null && rows.length < limit; owner = next(owner)) {
        if (!moment.sessions.includes(owner)) rows.push(...ownedBy.all(owner, limit - rows.length));
      }
      return rows.map((columns) => answerOf(rowOf(columns).record, moment));
    },
    claim(moment, streamId, expectedEpoch, next) {
      const row = table.get(streamId);
      const isAlive = moment.sessions.includes(row?.record.owner ?? "");
      const { answer, after } = claim(row?.record, expectedEpoch, isAlive, next);
      if (row === undefined || after === undefined || answer.state !== "claimed") {
        return answer as Exclude<ClaimResult, { state: "claimed" }>;
      }
      table.update(row.number, after);
      return { state: "claimed", stream: answerOf(after, moment) };
    },
    handOff(_moment, streamId, token, cause) {
      const row = table.get(streamId);
      const after = handedOff(row?.record, token, cause);
      if (row === undefined || after === undefined) return false;
      table.update(row.number, after);
      return true;
    },
    loadRequest({ now }, streamId, maxBytes = MAX_BLOB) {
      return request.get(maxBytes, streamId, now)?.["body"] as Uint8Array | undefined;
    },
  };
}
