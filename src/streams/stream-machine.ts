// State machine of stored streams: pure transitions from one record to the next. Stores apply them inside their
// atomic step. `tests/unit/streams` explores every interleaving.
import type {
  CancelReason,
  Ending,
  HandOffCause,
  NewStream,
  StreamProgress,
  StreamRecord,
  WriterToken,
} from "./stream-record.ts";

/** The facts of an append, without the events themselves. */
export interface AppendStep {
  readonly token: WriterToken;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  /** Sequence of the first event with content in this batch; 0: none. */
  readonly firstContent: number;
  readonly ending: Ending | undefined;
  readonly progress: StreamProgress | undefined;
}

/** The answer to an append. `tail` is the last stored sequence. */
export type AppendAnswer =
  | { readonly state: "stored"; readonly tail: number }
  /** An earlier try stored the batch. Counts as a success. */
  | { readonly state: "repeated"; readonly tail: number }
  /** A part is stored. The writer must send from `tail` + 1. */
  | { readonly state: "overlap"; readonly tail: number }
  /** The store has lost events. The writer must send from `tail` + 1 from memory. */
  | { readonly state: "gap"; readonly tail: number }
  /** Another writer owns the stream. The writer must stop at once. */
  | { readonly state: "fenced" }
  /** The stream has ended. */
  | { readonly state: "closed"; readonly tail: number }
  /** The store does not know the stream, or no longer does. */
  | { readonly state: "gone" };

export type ClaimAnswer =
  | { readonly state: "claimed" }
  /** Its owner is alive. */
  | { readonly state: "held" }
  /** Another claim succeeded first. */
  | { readonly state: "raced" }
  | { readonly state: "closed" }
  | { readonly state: "gone" };

export function isSameToken(a: WriterToken, b: WriterToken): boolean {
  return a.epoch === b.epoch && a.nonce === b.nonce;
}

/** Whether another replica could go on with the stream. */
export function isMovable({ request, canMove }: Pick<NewStream, "request" | "canMove">): boolean {
  return request !== undefined && canMove !== false;
}

/** Bytes of a new stream that are counted for as long as its events stay. */
export function countedBytes({ start, request, keepsRequest }: NewStream): number {
  return start.length + (keepsRequest === true ? (request?.length ?? 0) : 0);
}

/** The record of a new stream with its first event. */
export function created(stream: NewStream, now: number): StreamRecord {
  return {
    streamId: stream.streamId,
    caller: stream.caller,
    requestId: stream.requestId,
    fingerprint: stream.fingerprint,
    phase: "running",
    token: stream.token,
    owner: stream.session,
    handedOff: false,
    tail: 1,
    firstContent: 0,
    bytes: countedBytes(stream),
    cancel: undefined,
    takeovers: 0,
    handOvers: 0,
    isBound: stream.requestId !== "",
    createdAt: now,
    updatedAt: now,
    endedAt: undefined,
    deadlineAt: now + stream.totalMs,
    retentionMs: stream.retentionMs,
    expiredAt: undefined,
    readersSeenAt: 0,
    canMove: isMovable(stream),
    keepsRequest: stream.keepsRequest === true,
    progress: stream.progress,
  };
}

/** The answer to an append, and the record after it if something was stored. */
export function append(
  record: StreamRecord | undefined,
  step: AppendStep,
  now: number,
): { readonly answer: AppendAnswer; readonly after?: StreamRecord } {
  if (record === undefined || record.expiredAt !== undefined) return { answer: { state: "gone" } };
  const { tail } = record;
  if (!isSameToken(record.token, step.token)) return { answer: { state: "fenced" } };
  if (step.last <= tail) return { answer: { state: "repeated", tail } };
  if (record.phase !== "running") return { answer: { state: "closed", tail } };
  if (step.first <= tail) return { answer: { state: "overlap", tail } };
  if (step.first !== tail + 1) return { answer: { state: "gap", tail } };
  const longer: StreamRecord = {
    ...record,
    tail: step.last,
    bytes: record.bytes + step.bytes,
    firstContent: record.firstContent === 0 ? step.firstContent : record.firstContent,
    updatedAt: now,
    progress: step.progress ?? record.progress,
  };
  const after = step.ending === undefined ? longer : ended(longer, step.ending, now);
  return { answer: { state: "stored", tail: step.last }, after };
}

function ended(record: StreamRecord, ending: Ending, now: number): StreamRecord {
  return {
    ...record,
    phase: ending.phase,
    endedAt: now,
    isBound: record.isBound && !ending.freesKey,
    ...(ending.isUnused && { retentionMs: 0 }),
  };
}

/**
 * Takes over a stream whose owner is gone or has handed it off. Repeated tries with the same nonce take it over once.
 */
export function claim(
  record: StreamRecord | undefined,
  expectedEpoch: number,
  isOwnerAlive: boolean,
  next: { readonly session: string; readonly nonce: number },
): { readonly answer: ClaimAnswer; readonly after?: StreamRecord } {
  if (record === undefined || record.expiredAt !== undefined) return { answer: { state: "gone" } };
  if (record.phase !== "running") return { answer: { state: "closed" } };
  if (isSameToken(record.token, { epoch: expectedEpoch + 1, nonce: next.nonce })) {
    return { answer: { state: "claimed" }, after: record };
  }
  if (record.token.epoch !== expectedEpoch) return { answer: { state: "raced" } };
  if (isOwnerAlive && !record.handedOff) return { answer: { state: "held" } };
  return {
    answer: { state: "claimed" },
    after: {
      ...record,
      token: { epoch: record.token.epoch + 1, nonce: next.nonce },
      owner: next.session,
      // A handed-off stream was counted at the hand-over.
      takeovers: record.takeovers + (record.handedOff ? 0 : 1),
      handedOff: false,
    },
  };
}

/** Records that a running stream must stop. */
export function cancelRequested(record: StreamRecord, reason: CancelReason): StreamRecord {
  return record.phase !== "running" || record.cancel !== undefined
    ? record
    : { ...record, cancel: reason };
}

/**
 * Records that the owner has stopped writing, and counts this once; undefined: the token does not own the stream any
 * more.
 */
export function handedOff(
  record: StreamRecord | undefined,
  token: WriterToken,
  cause: HandOffCause,
): StreamRecord | undefined {
  if (record === undefined || record.phase !== "running") return undefined;
  if (!isSameToken(record.token, token)) return undefined;
  if (record.handedOff) return record;
  const { takeovers, handOvers } = record;
  return cause === "planned"
    ? { ...record, handedOff: true, handOvers: handOvers + 1 }
    : { ...record, handedOff: true, takeovers: takeovers + 1 };
}

/** The record after deletion of the events; undefined: the stream still runs, or has already expired. */
export function expired(record: StreamRecord, now: number): StreamRecord | undefined {
  if (record.phase === "running" || record.expiredAt !== undefined) return undefined;
  return { ...record, expiredAt: now, isBound: false };
}

/** The step that time requires: `expire` at the end of the retention, `delete` at the end of the tombstone. */
export function due(
  record: StreamRecord,
  now: number,
  tombstoneMs: number,
): "keep" | "expire" | "delete" {
  if (record.expiredAt !== undefined) {
    return now - record.expiredAt >= tombstoneMs ? "delete" : "keep";
  }
  if (record.endedAt === undefined) return "keep";
  return now - record.endedAt >= record.retentionMs ? "expire" : "keep";
}

/** The record at the time `now`. A stream past its retention has expired, even if no reaper has recorded that yet. */
export function asOf(record: StreamRecord, now: number): StreamRecord {
  const { endedAt, retentionMs } = record;
  if (endedAt === undefined || due(record, now, Number.POSITIVE_INFINITY) !== "expire")
    return record;
  return { ...record, expiredAt: endedAt + retentionMs, isBound: false };
}

/** The answer to a second call with the idempotency key of `record`. */
export function repeated(
  record: StreamRecord | undefined,
  fingerprint: string,
): "free" | "join" | "conflict" {
  if (record === undefined || !record.isBound || record.expiredAt !== undefined) return "free";
  return record.fingerprint === fingerprint ? "join" : "conflict";
}
