import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Moment } from "../../store/sqlite/messages.ts";
import { asOf, expired } from "../stream-machine.ts";
import type { StreamRecord } from "../stream-record.ts";
import type { StoredStream } from "../stream-store.ts";

/** A record with the number under which its events are stored. */
export interface Row {
  readonly number: number;
  readonly record: StreamRecord;
}

type Columns = Record<string, SQLInputValue>;

/** Columns that are written once. */
const FIXED = [
  "streamId",
  "caller",
  "requestId",
  "fingerprint",
  "createdAt",
  "deadlineAt",
  "canMove",
] as const;

const CHANGING = [
  "phase",
  "epoch",
  "nonce",
  "owner",
  "handedOff",
  "tail",
  "firstContent",
  "bytes",
  "cancel",
  "takeovers",
  "handOvers",
  "isBound",
  "updatedAt",
  "endedAt",
  "expiredAt",
  "retentionMs",
  "readersSeenAt",
  "provider",
  "details",
] as const;

function columnsOf(record: StreamRecord): Columns {
  return {
    streamId: record.streamId,
    caller: record.caller,
    requestId: record.requestId,
    fingerprint: record.fingerprint,
    phase: record.phase,
    epoch: record.token.epoch,
    nonce: record.token.nonce,
    owner: record.owner,
    handedOff: Number(record.handedOff),
    tail: record.tail,
    firstContent: record.firstContent,
    bytes: record.bytes,
    cancel: record.cancel ?? null,
    takeovers: record.takeovers,
    handOvers: record.handOvers,
    isBound: Number(record.isBound),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    endedAt: record.endedAt ?? null,
    deadlineAt: record.deadlineAt,
    retentionMs: record.retentionMs,
    expiredAt: record.expiredAt ?? null,
    readersSeenAt: record.readersSeenAt,
    canMove: Number(record.canMove),
    provider: record.progress.provider,
    details: record.progress.details,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a row of this file's own table
export function rowOf(columns: any): Row {
  const record: StreamRecord = {
    streamId: columns.streamId,
    caller: columns.caller,
    requestId: columns.requestId,
    fingerprint: columns.fingerprint,
    phase: columns.phase,
    token: { epoch: columns.epoch, nonce: columns.nonce },
    owner: columns.owner,
    handedOff: columns.handedOff === 1,
    tail: columns.tail,
    firstContent: columns.firstContent,
    bytes: columns.bytes,
    cancel: columns.cancel ?? undefined,
    takeovers: columns.takeovers,
    handOvers: columns.handOvers,
    isBound: columns.isBound === 1,
    createdAt: columns.createdAt,
    updatedAt: columns.updatedAt,
    endedAt: columns.endedAt ?? undefined,
    deadlineAt: columns.deadlineAt,
    retentionMs: columns.retentionMs,
    expiredAt: columns.expiredAt ?? undefined,
    readersSeenAt: columns.readersSeenAt,
    canMove: columns.canMove === 1,
    progress: { provider: columns.provider, details: columns.details },
  };
  return { number: columns.number, record };
}

export function answerOf(record: StreamRecord, { now, sessions }: Moment): StoredStream {
  return { ...asOf(record, now), now, isOwnerAlive: sessions.includes(record.owner) };
}

export type StreamTable = ReturnType<typeof createStreamTable>;

/** The records, and the rows that are deleted with them when a stream expires. */
export function createStreamTable(db: DatabaseSync) {
  const all = [...FIXED, ...CHANGING];
  const select = db.prepare("SELECT * FROM stream WHERE streamId = ?");
  const selectBound = db.prepare(
    "SELECT * FROM stream WHERE caller = ? AND requestId = ? AND isBound = 1",
  );
  const insert = db.prepare(
    `INSERT INTO stream (${all}) VALUES (${all.map((name) => `:${name}`)})`,
  );
  // An append changes no indexed column.
  const advance = db.prepare(
    "UPDATE stream SET tail = ?, firstContent = ?, bytes = ?, updatedAt = ? WHERE number = ?",
  );
  const update = db.prepare(
    `UPDATE stream SET ${CHANGING.map((name) => `${name} = :${name}`)} WHERE number = :number`,
  );
  const deleteBatches = db.prepare("DELETE FROM batch WHERE stream = ?");
  const deleteRequest = db.prepare("DELETE FROM request WHERE stream = ?");
  const deleteRecord = db.prepare("DELETE FROM stream WHERE number = ?");

  function write(number: number, record: StreamRecord): void {
    const columns = columnsOf(record);
    for (const name of FIXED) delete columns[name];
    update.run({ ...columns, number });
  }

  return {
    get(streamId: string): Row | undefined {
      const columns = select.get(streamId);
      return columns === undefined ? undefined : rowOf(columns);
    },
    /** The stream bound to an idempotency key. */
    bound(caller: string, requestId: string): Row | undefined {
      const columns = requestId === "" ? undefined : selectBound.get(caller, requestId);
      return columns === undefined ? undefined : rowOf(columns);
    },
    insert(record: StreamRecord): number {
      return Number(insert.run(columnsOf(record)).lastInsertRowid);
    },
    /** Writes the record after an append that neither ends the stream nor reports progress. */
    advance(number: number, { tail, firstContent, bytes, updatedAt }: StreamRecord): void {
      advance.run(tail, firstContent, bytes, updatedAt, number);
    },
    update: write,
    dropRequest(number: number): void {
      deleteRequest.run(number);
    },
    /** Deletes the events of an ended stream; false: the stream runs, or has already expired. */
    expire({ number, record }: Row, now: number): boolean {
      const after = expired(record, now);
      if (after === undefined) return false;
      write(number, after);
      deleteBatches.run(number);
      deleteRequest.run(number);
      return true;
    },
    remove(number: number): void {
      deleteRecord.run(number);
    },
  };
}
