import type { DatabaseSync } from "node:sqlite";
import { createRoom } from "../../store/sqlite/room.ts";
import { storeFull } from "../../store/store-unavailable.ts";
import { packEvents } from "../packed-events.ts";
import { append, created, isSameToken, repeated } from "../stream-machine.ts";
import type { AppendResult } from "../stream-store.ts";
import type { PackedBatch, StreamHandlers } from "./stream-calls.ts";
import { answerOf, rowOf, type StreamTable } from "./stream-table.ts";

type Refused = Exclude<AppendResult, { state: "stored" | "repeated" }>;

/** Most bytes of events in one answer. The reader asks again for more. */
const MAX_READ_BYTES = 4 * 1024 * 1024;

/** Calls on the log itself: create, append, read. */
export function createLogCalls(
  db: DatabaseSync,
  table: StreamTable,
): StreamHandlers<"check" | "create" | "append" | "read"> {
  const insertBatch = db.prepare(
    "INSERT INTO batch (stream, last, first, writer, events) VALUES (?, ?, ?, ?, ?)",
  );
  const insertRequest = db.prepare("INSERT INTO request (stream, body) VALUES (?, ?)");
  const batchesFrom = db.prepare(
    "SELECT first, last, writer, events FROM batch WHERE stream = ? AND last >= ? ORDER BY last LIMIT ?",
  );
  const writerAt = db.prepare(
    "SELECT writer FROM batch WHERE stream = ? AND last >= ? ORDER BY last LIMIT 1",
  );
  const longestEnded = db.prepare(
    "SELECT * FROM stream WHERE endedAt IS NOT NULL AND expiredAt IS NULL ORDER BY endedAt LIMIT 1",
  );

  const room = createRoom(db, (now) => {
    const columns = longestEnded.get();
    return columns !== undefined && table.expire(rowOf(columns), now);
  });

  return {
    check() {
      if (!room.isLeft() && longestEnded.get() === undefined) throw storeFull();
    },

    create(moment, stream) {
      const known = table.get(stream.streamId)?.record;
      if (known !== undefined) {
        return isSameToken(known.token, stream.token)
          ? { state: "created" }
          : { state: "exists", stream: answerOf(known, moment) };
      }
      const other = table.bound(stream.caller, stream.requestId);
      if (other !== undefined) {
        const found = answerOf(other.record, moment);
        switch (repeated(found, stream.fingerprint)) {
          case "join":
            return { state: "exists", stream: found };
          case "conflict":
            return { state: "conflict" };
          case "free":
            // Its retention is over, and the index admits only one stream for a key.
            table.expire(other, moment.now);
        }
      }
      const { start, request, progress, token } = stream;
      const size = start.length + progress.details.length + (request?.length ?? 0);
      if (!room.make(size, false, moment.now)) throw storeFull();
      const number = table.insert(created(stream, moment.now));
      insertBatch.run(number, 1, 1, token.nonce, packEvents([start]));
      if (request !== undefined) insertRequest.run(number, request);
      return { state: "created" };
    },

    append(moment, { streamId, token, batch, bytes, firstContent, ending, progress }) {
      const row = table.get(streamId);
      const { first, last, writer, events } = batch;
      const step = { token, first, last, bytes, firstContent, ending, progress };
      const { answer, after } = append(row?.record, step, moment.now);
      if (answer.state !== "stored" && answer.state !== "repeated") return answer as Refused;
      const cancel = row?.record.cancel;
      if (row === undefined || after === undefined) return { ...answer, cancel };
      const size = events.length + (progress?.details.length ?? 0);
      if (!room.make(size, ending !== undefined, moment.now)) throw storeFull();
      insertBatch.run(row.number, last, first, writer, events);
      if (ending === undefined && progress === undefined) table.advance(row.number, after);
      else table.update(row.number, after);
      if (ending !== undefined) table.dropRequest(row.number);
      return { ...answer, cancel };
    },

    read(moment, streamId, { sequence, writer }, limit) {
      const row = table.get(streamId);
      if (row === undefined) return { state: "gone" };
      const { number, record } = row;
      const stream = answerOf(record, moment);
      if (stream.expiredAt !== undefined) return { state: "expired", stream };
      if (sequence > record.tail) return { state: "ahead", stream };
      if (writer !== 0 && sequence > 0) {
        if (writerAt.get(number, sequence)?.["writer"] !== writer) {
          return { state: "diverged", stream };
        }
      }
      const batches: PackedBatch[] = [];
      let bytes = 0;
      for (const found of batchesFrom.iterate(number, sequence + 1, limit)) {
        const batch = found as unknown as PackedBatch;
        batches.push({ ...batch });
        bytes += batch.events.length;
        if (bytes >= MAX_READ_BYTES) break;
      }
      const hasMore = (batches.at(-1)?.last ?? record.tail) < record.tail;
      return { state: "read", stream, batches, hasMore };
    },
  };
}
