import type { DatabaseSync } from "node:sqlite";
import { cancelRequested, claim, handedOff } from "../stream-machine.ts";
import type { ClaimResult } from "../stream-store.ts";
import type { StreamHandlers } from "./stream-calls.ts";
import { answerOf, rowOf, type StreamTable } from "./stream-table.ts";

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
  const orphaned = db.prepare(
    `SELECT * FROM stream WHERE phase = 'running'
       AND (handedOff = 1 OR owner NOT IN (SELECT value FROM json_each(?)))
     ORDER BY createdAt LIMIT ?`,
  );
  const request = db.prepare(
    "SELECT body FROM request JOIN stream ON stream = number WHERE streamId = ?",
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
      const rows = orphaned.all(JSON.stringify(moment.sessions), limit);
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
    loadRequest(_moment, streamId) {
      return request.get(streamId)?.["body"] as Uint8Array | undefined;
    },
  };
}
