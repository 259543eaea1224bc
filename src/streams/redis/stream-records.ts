// Decoders of records and batches in Redis. The Lua files of this folder are their counterpart.

import type { Reply } from "../../store/redis/client.ts";
import { bufferOf, listOf, textOf } from "../../store/redis/replies.ts";
import { unpackEvents } from "../packed-events.ts";
import type { Batch, CancelReason, StreamPhase } from "../stream-record.ts";
import type { StoredStream } from "../stream-store.ts";

/** A batch in an answer of `read`. */
export function decodeBatch(reply: Reply): Batch {
  const [first, last, writer, blob] = listOf(reply);
  const events = unpackEvents(bufferOf(blob));
  return { first: Number(first), last: Number(last), writer: Number(writer), events };
}

/** A batch as it is published: its numbers, a line feed, the events. */
export function decodeMessage(message: Buffer): Batch {
  const end = message.indexOf("\n");
  const [first, last, writer] = message.toString("latin1", 0, end).split(" ");
  const events = unpackEvents(message.subarray(end + 1));
  return { first: Number(first), last: Number(last), writer: Number(writer), events };
}

/** Fields in the order of `RECORD` in `record.lua`, then the time and whether the owner is alive. */
export function decodeStream(reply: Reply): StoredStream {
  const fields = listOf(reply);
  let index = 0;
  const next = (): Reply | undefined => fields[index++];
  const text = (): string => textOf(next());
  const count = (value: Reply | undefined = next()): number => Number(value);
  const flag = (): boolean => count() === 1;
  const optional = (): number | undefined => {
    const value = next();
    return value === null ? undefined : count(value);
  };
  // The order of these properties must be the order of the fields.
  return {
    streamId: text(),
    caller: text(),
    requestId: text(),
    fingerprint: text(),
    phase: text() as StreamPhase,
    token: { epoch: count(), nonce: count() },
    owner: text(),
    handedOff: flag(),
    tail: count(),
    firstContent: count(),
    bytes: count(),
    cancel: next()?.toString() as CancelReason | undefined,
    takeovers: count(),
    handOvers: count(),
    isBound: flag(),
    createdAt: count(),
    updatedAt: count(),
    endedAt: optional(),
    deadlineAt: count(),
    retentionMs: count(),
    expiredAt: optional(),
    readersSeenAt: count(),
    canMove: flag(),
    progress: { provider: text(), details: bufferOf(next()) },
    now: count(),
    isOwnerAlive: flag(),
  };
}
