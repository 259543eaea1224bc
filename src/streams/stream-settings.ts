/** The operator's settings for stored streams. Durations are in milliseconds. */
export interface StreamSettings {
  /** Time for which an ended stream can be replayed if the request sets none. */
  readonly retentionMs: number;
  /** Time for which the tombstone is kept after that. */
  readonly tombstoneMs: number;
  /** Time for which a generation continues without a reader. */
  readonly disconnectGraceMs: number;
  readonly maxBytes: number;
  readonly maxEvents: number;
  /** Without the store, calls continue unstored (`preferred`) or fail (`required`). */
  readonly durability: "preferred" | "required";
  /** Longest wait of a new call for the store. */
  readonly storeTimeoutMs: number;
  /** `fail`: a lost owner's streams end, and no request is kept. */
  readonly takeover: "auto" | "fail";
  /** Most takeovers after a loss for one stream. */
  readonly maxTakeovers: number;
  /** Time for which a replica counts as alive without a sign of life. */
  readonly sessionTtlMs: number;
  /** Most readers of one stream at this replica. */
  readonly maxReaders: number;
}

/**
 * Most planned hand-overs of one stream by ending replicas. A rolling restart of many replicas is no reason to give a
 * stream up, and a stream that survives 8 restarts costs 8 additional runs.
 */
export const MAX_HAND_OVERS = 8;

export const DEFAULT_STREAM_SETTINGS: StreamSettings = {
  retentionMs: 900_000,
  tombstoneMs: 3_600_000,
  disconnectGraceMs: 10_000,
  maxBytes: 8 * 1024 * 1024,
  maxEvents: 200_000,
  durability: "preferred",
  storeTimeoutMs: 50,
  takeover: "auto",
  maxTakeovers: 2,
  sessionTtlMs: 6_000,
  maxReaders: 64,
};
