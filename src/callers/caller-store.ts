import type { StoreCapabilities } from "../store/store-engine.ts";

/** One record of the feed, in its latest version. Each change of a record moves it to a version of its own. */
export interface FeedRecord {
  readonly name: string;
  readonly version: number;
  /** Undefined: the record is deleted, and this is its tombstone. */
  readonly value: string | undefined;
}

/** A part of the feed, as it was at one moment. */
export interface FeedPage {
  /** Random name of the feed, made with its first record; "": nothing was ever written. */
  readonly feed: string;
  /** The version of the latest change; 0: none. */
  readonly version: number;
  /** Tombstones up to this version are forgotten: who knows an older version has to read all. */
  readonly forgotten: number;
  /** By version. */
  readonly records: readonly FeedRecord[];
}

export interface RecordChange {
  readonly name: string;
  /** Undefined: the record is to be deleted. */
  readonly value: string | undefined;
}

/** The feed as a writer knows it. */
export interface FeedPosition {
  readonly feed: string;
  readonly version: number;
}

/** When a key was last used, in milliseconds since the epoch. */
export interface KeyUse {
  readonly prefix: string;
  readonly usedAt: number;
}

/** Tombstones are kept for so long. */
export const TOMBSTONE_MS = 3_600_000;
/** Tombstones that one write removes. */
export const FORGET_LIMIT = 200;

/**
 * Records of callers, keys and groups: the port in every engine. What they say is no matter of the store. Each
 * method is one atomic step. Rejects with `StoreUnavailable` alone.
 */
export interface CallerStore {
  readonly capabilities: StoreCapabilities;
  /** The first `limit` records whose version is above `after`. */
  changes(after: number, limit: number): Promise<FeedPage>;
  /**
   * Applies all changes if the feed is at this position, each with the next version; false: it is at another one,
   * and nothing has changed. `newFeed` names a feed that has no name yet.
   */
  write(
    changes: readonly RecordChange[],
    expected: FeedPosition,
    newFeed: string,
  ): Promise<boolean>;
  /** A use never goes back in time. */
  noteUses(uses: readonly KeyUse[]): Promise<void>;
  /** In the order asked for; undefined: never used. */
  lastUses(prefixes: readonly string[]): Promise<readonly (number | undefined)[]>;
  forgetUses(prefixes: readonly string[]): Promise<void>;
}
