// Messages from the stream log to its part in the thread of the SQLite file.
import type { Cursor } from "../../domain/cursor.ts";
import type { Handlers } from "../../store/sqlite/thread-tenant.ts";
import type {
  Batch,
  Ending,
  HandOffCause,
  NewStream,
  StreamProgress,
  StreamRecord,
  WriterToken,
} from "../stream-record.ts";
import type {
  AppendResult,
  ClaimResult,
  CleanupQuery,
  CreateAnswer,
  ListPage,
  ListQuery,
  ReadResult,
  StoredStream,
} from "../stream-store.ts";

/** A batch as it is stored: its events in one buffer. */
export interface PackedBatch extends Omit<Batch, "events"> {
  readonly events: Uint8Array;
}

export interface PackedAppend {
  readonly streamId: string;
  readonly token: WriterToken;
  readonly batch: PackedBatch;
  /** Bytes of the events themselves, without packing. */
  readonly bytes: number;
  readonly firstContent: number;
  readonly ending: Ending | undefined;
  readonly progress: StreamProgress | undefined;
}

export type PackedRead =
  | (Omit<Extract<ReadResult, { state: "read" }>, "batches"> & {
      readonly batches: readonly PackedBatch[];
    })
  | Exclude<ReadResult, { state: "read" }>;

export interface ReapPart {
  readonly expired: number;
  /** Number of deleted tombstones. */
  readonly removed: number;
  /** Whether another call may find more to do. */
  readonly hasMore: boolean;
}

export interface CleanupCount {
  readonly matched: number;
  readonly bytes: number;
  readonly skipped: number;
  readonly sample: readonly string[];
}

export interface CleanupPart {
  readonly deleted: number;
  readonly freedBytes: number;
}

/** Calls that the thread serves. Each is one atomic step and a bounded amount of work. */
export interface StreamCalls {
  /** Throws if the next event could not be stored. */
  check(): void;
  create(stream: NewStream): CreateAnswer;
  append(append: PackedAppend): AppendResult;
  read(streamId: string, cursor: Cursor, limit: number): PackedRead;
  touchReaders(streamIds: readonly string[]): void;
  find(caller: string, requestId: string): StoredStream | undefined;
  heads(streamIds: readonly string[]): readonly (StoredStream | undefined)[];
  requestCancel(
    streamId: string,
    reason: NonNullable<StreamRecord["cancel"]>,
  ): StoredStream | undefined;
  orphans(limit: number): readonly StoredStream[];
  claim(
    streamId: string,
    expectedEpoch: number,
    next: { readonly session: string; readonly nonce: number },
  ): ClaimResult;
  handOff(streamId: string, token: WriterToken, cause: HandOffCause): boolean;
  loadRequest(streamId: string): Uint8Array | undefined;
  list(query: ListQuery): ListPage;
  reap(tombstoneMs: number, limit: number): ReapPart;
  countCleanable(query: CleanupQuery): CleanupCount;
  cleanup(query: CleanupQuery): CleanupPart;
  discard(streamIds: readonly string[]): CleanupPart;
}

/** Handlers of the calls in the thread. `M` selects some of them. */
export type StreamHandlers<M extends keyof StreamCalls = keyof StreamCalls> = Handlers<
  StreamCalls,
  M
>;
