/** The operator's numbers for stored streams; durations in milliseconds. */
export interface StreamSettings {
  /** How long a finished stream can be replayed, where the request names no time of its own. */
  readonly retentionMs: number;
  /** How long after that its end is remembered. */
  readonly tombstoneMs: number;
  /** How long a generation goes on without a reader. */
  readonly disconnectGraceMs: number;
  readonly maxBytes: number;
  readonly maxEvents: number;
  /** `preferred`: without the store calls go on unstored; `required`: they fail. */
  readonly durability: "preferred" | "required";
  /** Longest wait of a new call for the store. */
  readonly storeTimeoutMs: number;
  /** `fail`: a lost owner ends its streams, and no request is kept. */
  readonly takeover: "auto" | "fail";
  /** Most takeovers after a loss that one stream survives. */
  readonly maxTakeovers: number;
  /** How long a replica counts as alive without a sign. */
  readonly sessionTtlMs: number;
  /** Readers of one stream at this replica. */
  readonly maxReaders: number;
}

/**
 * Most planned hand-overs of one stream, by replicas that end: a rolling restart of many replicas is
 * no reason to give a stream up, and a stream that outlives 8 of them pays for 8 more runs.
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
