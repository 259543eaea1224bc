// How records and batches are written in Redis; the other half is `redis/*.lua`.
import type { Reply } from "./redis-connection.ts";
import type { Batch, CancelReason, StreamPhase } from "./stream-record.ts";
import { type StoredStream, StoreUnavailable } from "./stream-store.ts";

export function headKey(streamId: string): string {
  return `steer:{${streamId}}:h`;
}

export function channelOf(streamId: string): string {
  return `steer:{${streamId}}:ch`;
}

/** The length keeps (caller, id) pairs apart whatever they contain. */
export function idempotencyKey(caller: string, requestId: string): string {
  return requestId === "" ? "" : `steer:key:${requestId.length}:${requestId}:${caller}`;
}

export function bytesOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length);
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  if (!Array.isArray(reply)) throw new StoreUnavailable("unknown", "Redis answers no list");
  return reply;
}

export function bufferOf(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new StoreUnavailable("unknown", "Redis answers no string");
  return reply;
}

export function textOf(reply: Reply | undefined): string {
  return bufferOf(reply).toString();
}

export function sum(events: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const event of events) bytes += event.length;
  return bytes;
}

/** Each event behind its length as a varint. */
export function encodeEvents(events: readonly Uint8Array[]): Buffer {
  const blob = Buffer.allocUnsafe(sum(events) + events.length * 5);
  let end = 0;
  for (const event of events) {
    let length = event.length;
    while (length > 127) {
      blob[end++] = (length & 127) | 128;
      length >>>= 7;
    }
    blob[end++] = length;
    blob.set(event, end);
    end += event.length;
  }
  return blob.subarray(0, end);
}

function decodeEvents(blob: Buffer): Uint8Array[] {
  const events: Uint8Array[] = [];
  let start = 0;
  while (start < blob.length) {
    let length = 0;
    let byte: number;
    let shift = 0;
    do {
      byte = blob[start++] ?? 0;
      length |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    events.push(blob.subarray(start, start + length));
    start += length;
  }
  return events;
}

/** A batch as `read` answers it. */
export function decodeBatch(reply: Reply): Batch {
  const [first, last, writer, blob] = listOf(reply);
  const events = decodeEvents(bufferOf(blob));
  return { first: Number(first), last: Number(last), writer: Number(writer), events };
}

/** A batch as it is published: its numbers, a line break, the events. */
export function decodeMessage(message: Buffer): Batch {
  const end = message.indexOf("\n");
  const [first, last, writer] = message.toString("latin1", 0, end).split(" ");
  const events = decodeEvents(message.subarray(end + 1));
  return { first: Number(first), last: Number(last), writer: Number(writer), events };
}

/** In the order of `RECORD` in `redis/record.lua`, then the time and whether the owner lives. */
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
  // The order of these properties is the order of the fields.
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
    cancel: (next()?.toString() ?? undefined) as CancelReason | undefined,
    takeovers: count(),
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
