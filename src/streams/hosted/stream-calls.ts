// The log of streams, as both ends of the socket of a host know it.

import type { Cursor } from "../../domain/cursor.ts";
import type { ServiceShape } from "../../store/hosted/hosted-service.ts";
import type { Batch } from "../stream-record.ts";
import type { LogCalls, OwnershipCalls, ReadResult, RetentionCalls } from "../stream-store.ts";
import { appendCodec } from "./append-codec.ts";

/** A batch with its events in one buffer. */
export interface PackedBatch extends Omit<Batch, "events"> {
  readonly events: Uint8Array;
}

export type PackedRead =
  | (Omit<Extract<ReadResult, { state: "read" }>, "batches"> & {
      readonly batches: readonly PackedBatch[];
    })
  | Exclude<ReadResult, { state: "read" }>;

export interface StreamCalls extends Omit<LogCalls, "read">, OwnershipCalls, RetentionCalls {
  read(streamId: string, cursor: Cursor, limit: number): PackedRead | Promise<PackedRead>;
  /** From the answer on, batches of the stream are pushed as any client stores them. */
  subscribe(streamId: string): Promise<void>;
  unsubscribe(streamId: string): Promise<void>;
}

export const STREAMS: ServiceShape = { name: "streams", codecs: { append: appendCodec } };
