import type { Cursor } from "../domain/cursor.ts";
import type { CleanupReport } from "../domain/stream-states.ts";
import type { Sessions } from "../store/sessions.ts";
import type { StoreCapabilities } from "../store/store-engine.ts";
import type { AppendAnswer, ClaimAnswer } from "./stream-machine.ts";
import type {
  Batch,
  CancelReason,
  Ending,
  EndPhase,
  HandOffCause,
  NewStream,
  StreamPhase,
  StreamProgress,
  StreamRecord,
  WriterToken,
} from "./stream-record.ts";

/** A stream in an answer of a store. */
export interface StoredStream extends StreamRecord {
  /** The store's time at the answer, in milliseconds since the epoch. */
  readonly now: number;
  /** Whether the session of its owner has not expired. */
  readonly isOwnerAlive: boolean;
}

export type CreateAnswer =
  | { readonly state: "created" }
  /** The idempotency key is bound to a stream with the same request, or another owner has taken over this stream. */
  | { readonly state: "exists"; readonly stream: StoredStream }
  /** The key is bound to a stream with another request. */
  | { readonly state: "conflict" };

export interface Append {
  readonly streamId: string;
  readonly token: WriterToken;
  readonly batch: Batch;
  /** Sequence of the first event with content in the batch; 0: none. */
  readonly firstContent: number;
  readonly ending: Ending | undefined;
  readonly progress: StreamProgress | undefined;
}

export type AppendResult =
  | (Extract<AppendAnswer, { state: "stored" | "repeated" }> & {
      /** Set if the stream must stop. */
      readonly cancel: CancelReason | undefined;
    })
  | Extract<AppendAnswer, { state: "overlap" | "gap" | "fenced" | "closed" | "gone" }>;

export type ClaimResult =
  | { readonly state: "claimed"; readonly stream: StoredStream }
  | Exclude<ClaimAnswer, { state: "claimed" }>;

export type ReadResult =
  | {
      readonly state: "read";
      readonly stream: StoredStream;
      /** Batches with events after the cursor, in order. The first batch can begin before the cursor. */
      readonly batches: readonly Batch[];
      /** Whether the limit left out some batches. */
      readonly hasMore: boolean;
    }
  | { readonly state: "gone" }
  /** The events are deleted. */
  | { readonly state: "expired"; readonly stream: StoredStream }
  /** Another writer wrote the event at the cursor: the log was rewritten. */
  | { readonly state: "diverged"; readonly stream: StoredStream }
  /** The cursor is after the end of the log. */
  | { readonly state: "ahead"; readonly stream: StoredStream };

export interface ListQuery {
  /** Empty: all. */
  readonly phases: readonly (StreamPhase | "orphaned")[];
  /** "": all. */
  readonly provider: string;
  readonly caller: string;
  /** Only streams whose last event is at least this old. */
  readonly olderThanMs: number;
  readonly limit: number;
  /** Continues after this place, which the previous answer returned. */
  readonly after: ListPlace | undefined;
}

/** The last stream that a listing has looked at. */
export interface ListPlace {
  readonly createdAt: number;
  readonly streamId: string;
}

export interface ListPage {
  readonly streams: readonly StoredStream[];
  /** Where the next call continues; undefined: the list is complete. */
  readonly next: ListPlace | undefined;
}

export interface CleanupQuery {
  /** Empty: all. */
  readonly phases: readonly EndPhase[];
  /** Only streams that ended at least this long ago. */
  readonly olderThanMs: number;
  /** Most streams to delete. */
  readonly limit: number;
  /** Counts without deleting. */
  readonly dryRun: boolean;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * The port of the stream log in every engine. Each method is one atomic step and may be repeated with the same
 * arguments. Time comes from the store, never from the caller. Methods throw, or reject with, only
 * `StoreUnavailable`. If running streams have reached the store's bound, the last event of a stream is still stored.
 */
export interface StreamStore extends Sessions {
  readonly capabilities: StoreCapabilities;
  /** Bytes of this process's memory that the streams take; undefined if another process holds them. */
  readonly held?: () => number;

  /** Rejects if the next event could not be stored although the store answers. */
  check(): Promise<void>;

  /** Stores index, record and first event in one step. A repeated call with the same token answers `created`. */
  create(stream: NewStream): MaybePromise<CreateAnswer>;
  append(append: Append): MaybePromise<AppendResult>;
  /** Up to `limit` batches after the cursor. */
  read(streamId: string, cursor: Cursor, limit: number): MaybePromise<ReadResult>;
  /**
   * Passes batches to the listener as any replica stores them. Batches can be repeated or missing: readers order by
   * sequence and ask the store after a silence. Undefined if only this process writes, because its writers tell its
   * readers themselves.
   */
  readonly subscribe:
    | ((streamId: string, listener: (batch: Batch) => void) => Promise<() => Promise<void>>)
    | undefined;
  /** Reports that this replica has readers of these streams now. */
  touchReaders(streamIds: readonly string[]): Promise<void>;

  /** The stream to which an idempotency key is bound. */
  find(caller: string, requestId: string): Promise<StoredStream | undefined>;
  /** Streams in the requested order; undefined: gone. */
  heads(streamIds: readonly string[]): Promise<readonly (StoredStream | undefined)[]>;
  /** Returns the stream after the change; undefined: gone. */
  requestCancel(streamId: string, reason: CancelReason): Promise<StoredStream | undefined>;

  /** Running streams without a living owner, and streams that were handed off. */
  orphans(limit: number): Promise<readonly StoredStream[]>;
  /** Compare-and-set on the epoch. Fences the previous writer in the same step. */
  claim(
    streamId: string,
    expectedEpoch: number,
    next: { readonly session: string; readonly nonce: number },
  ): Promise<ClaimResult>;
  /** Lets another replica claim at once, and counts the cause. False: the token no longer owns the stream. */
  handOff(streamId: string, token: WriterToken, cause: HandOffCause): Promise<boolean>;
  /** The request as it was stored; undefined: not kept, or the stream has ended. */
  loadRequest(streamId: string): Promise<Uint8Array | undefined>;

  /**
   * Newest first. One call looks at a bounded number of streams, so that no call blocks the process. A page can
   * therefore be short or empty although more streams follow.
   */
  list(query: ListQuery): Promise<ListPage>;
  /** Expires streams past their retention and deletes old tombstones, a bounded number in each call. */
  reap(tombstoneMs: number, limit: number): Promise<{ readonly expired: number }>;
  cleanup(query: CleanupQuery): Promise<CleanupReport>;
  /** Expires these streams at any age. Running streams stay. */
  discard(streamIds: readonly string[]): Promise<{ readonly deleted: number }>;
}

/** The parts of the port. Each engine's folder has a file for each part. */
export type LogCalls = Pick<StreamStore, "check" | "create" | "append" | "read">;
export type OwnershipCalls = Pick<
  StreamStore,
  | "touchReaders"
  | "find"
  | "heads"
  | "requestCancel"
  | "orphans"
  | "claim"
  | "handOff"
  | "loadRequest"
>;
export type RetentionCalls = Pick<StreamStore, "list" | "reap" | "cleanup" | "discard">;
