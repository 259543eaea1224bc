// What passes between the port of the store and its thread.
import type { Cursor } from "../../domain/cursor.ts";
import type { StoreTrouble } from "../store-trouble.ts";
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
import type { OpenFailure } from "./open-error.ts";

/** A batch as it is stored: its events in one piece. */
export interface PackedBatch extends Omit<Batch, "events"> {
  readonly events: Uint8Array;
}

export interface PackedAppend {
  readonly streamId: string;
  readonly token: WriterToken;
  readonly batch: PackedBatch;
  /** Size of the events themselves. */
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
  /** Tombstones deleted. */
  readonly removed: number;
  /** There may be more to do. */
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

/** What the thread can be asked. Each call is one atomic step and a bounded amount of work. */
export interface StoreCalls {
  /** Fails where the next event would not be stored. */
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

/** The store's time and its living sessions, as they are when a call is made. */
export interface Moment {
  readonly now: number;
  readonly sessions: readonly string[];
}

/** The calls as the thread serves them; `M` names some of them. */
export type Handlers<M extends keyof StoreCalls = keyof StoreCalls> = {
  readonly [Name in M]: (
    moment: Moment,
    ...args: Parameters<StoreCalls[Name]>
  ) => ReturnType<StoreCalls[Name]>;
};

export interface Call {
  readonly method: keyof StoreCalls;
  readonly args: readonly unknown[];
}

/** What has come while the group before was on its way: one transaction, answered in order. */
export interface CallGroup {
  readonly moment: Moment;
  readonly calls: readonly Call[];
  /** Close the file after these. */
  readonly isLast: boolean;
}

export type Answer =
  | { readonly value: unknown }
  | {
      readonly failure: string;
      readonly isApplied: "no" | "unknown";
      readonly trouble: StoreTrouble;
    };

export interface WorkerOptions {
  readonly path: string;
  readonly maxBytes: number | undefined;
}

/** First message of the thread. */
export type Opening =
  | { readonly state: "open" }
  | { readonly state: "failed"; readonly failure: OpenFailure; readonly message: string };
