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

/** A stream as a store answers it. */
export interface StoredStream extends StreamRecord {
  /** The store's time at the answer, in milliseconds since the epoch. */
  readonly now: number;
  /** The session of its owner has not expired. */
  readonly isOwnerAlive: boolean;
}

export type CreateAnswer =
  | { readonly state: "created" }
  /** The idempotency key leads to a stream that asks for the same, or another has taken this one over. */
  | { readonly state: "exists"; readonly stream: StoredStream }
  /** It leads to one that asks for something else. */
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
      /** The stream is to stop. */
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
      /** Batches that hold an event after the cursor, in order; the first can begin before it. */
      readonly batches: readonly Batch[];
      /** The limit cut the answer short. */
      readonly hasMore: boolean;
    }
  | { readonly state: "gone" }
  /** The events are deleted. */
  | { readonly state: "expired"; readonly stream: StoredStream }
  /** The event at the cursor is another writer's: the log was rewritten. */
  | { readonly state: "diverged"; readonly stream: StoredStream }
  /** The cursor is behind the end of the log. */
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
  /** Goes on behind this place, as the answer before named it. */
  readonly after: ListPlace | undefined;
}

/** A stream that a listing has looked at last. */
export interface ListPlace {
  readonly createdAt: number;
  readonly streamId: string;
}

export interface ListPage {
  readonly streams: readonly StoredStream[];
  /** Where the next call goes on; undefined: there is nothing more. */
  readonly next: ListPlace | undefined;
}

export interface CleanupQuery {
  /** Empty: all. */
  readonly phases: readonly EndPhase[];
  /** Only streams that ended at least this long ago. */
  readonly olderThanMs: number;
  /** Most streams to delete. */
  readonly limit: number;
  /** Counts, and deletes nothing. */
  readonly dryRun: boolean;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * A log of streams: the port of the stream log in every engine. Each method is one atomic step and
 * may be repeated with the same arguments. Time comes from the store, never from
 * the caller. Throws, or rejects with, `StoreUnavailable` alone. Where the bound of a store is reached by
 * running streams, the last event of a stream still goes through.
 */
export interface StreamStore extends Sessions {
  readonly capabilities: StoreCapabilities;
  /** Memory of this process that the streams take, in bytes; undefined where they lie elsewhere. */
  readonly held?: () => number;

  /** Rejects where the next event would not be stored, though the store answers. */
  check(): Promise<void>;

  /** Index, record and first event in one step. A repeated call with the same token is `created`. */
  create(stream: NewStream): MaybePromise<CreateAnswer>;
  append(append: Append): MaybePromise<AppendResult>;
  /** Up to `limit` batches behind the cursor. */
  read(streamId: string, cursor: Cursor, limit: number): MaybePromise<ReadResult>;
  /**
   * Tells of batches as they are stored by any replica. May repeat and may miss:
   * readers order by sequence and ask again after a silence. Undefined where only
   * this process writes and tells itself.
   */
  readonly subscribe:
    | ((streamId: string, listener: (batch: Batch) => void) => Promise<() => Promise<void>>)
    | undefined;
  /** This replica has readers of these streams now. */
  touchReaders(streamIds: readonly string[]): Promise<void>;

  /** The stream of an idempotency key that is bound. */
  find(caller: string, requestId: string): Promise<StoredStream | undefined>;
  /** In the order asked for; undefined: gone. */
  heads(streamIds: readonly string[]): Promise<readonly (StoredStream | undefined)[]>;
  /** The stream as it is afterwards; undefined: gone. */
  requestCancel(streamId: string, reason: CancelReason): Promise<StoredStream | undefined>;

  /** Running streams without a living owner, and those handed off. */
  orphans(limit: number): Promise<readonly StoredStream[]>;
  /** Compare-and-set on the epoch; fences the writer before in the same step. */
  claim(
    streamId: string,
    expectedEpoch: number,
    next: { readonly session: string; readonly nonce: number },
  ): Promise<ClaimResult>;
  /** Lets another replica claim at once; counted by its cause. False: the token does not own it any more. */
  handOff(streamId: string, token: WriterToken, cause: HandOffCause): Promise<boolean>;
  /**
   * The request as it was created, or its first `maxBytes`; undefined: not stored, or gone: with the end of the
   * generation, and with the events where it is kept as long as they are.
   */
  loadRequest(streamId: string, maxBytes?: number): Promise<Uint8Array | undefined>;

  /**
   * Newest first. One call looks at a bounded number of streams, so that none holds up the process: a
   * page may be short, or empty, though more follows.
   */
  list(query: ListQuery): Promise<ListPage>;
  /** Expires what is past its retention and deletes old tombstones; a bounded amount a call. */
  reap(tombstoneMs: number, limit: number): Promise<{ readonly expired: number }>;
  cleanup(query: CleanupQuery): Promise<CleanupReport>;
  /** Expires these streams, whatever their age; those that still run stay. */
  discard(streamIds: readonly string[]): Promise<{ readonly deleted: number }>;
}

/** The parts of the port, as each engine's folder has a file for them. */
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
