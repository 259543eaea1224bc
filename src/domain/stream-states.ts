// Stored streams as operators see them, without content.
import type { GatewayError } from "./gateway-error.ts";
import type { Attempt, TargetName } from "./generation.ts";
import type { TokenUsage } from "./token-usage.ts";

export type EndedPhase = "succeeded" | "failed" | "cancelled";

/** `pending`: nothing delivered yet. `orphaned`: the owner is lost, and no replica has claimed the stream. */
export type StreamPhase = "pending" | "running" | "orphaned" | EndedPhase;

/** Times are milliseconds since the epoch by the store's clock. */
export interface StreamState {
  readonly streamId: string;
  readonly generationId: string;
  /** Idempotency key, "" without one. */
  readonly requestId: string;
  readonly caller: string;
  readonly phase: StreamPhase;
  readonly requestedModel: string;
  /** The current target, or the last one. */
  readonly target: TargetName;
  readonly lastSequence: number;
  readonly storedBytes: number;
  /** Readers at this replica. */
  readonly readers: number;
  /** Replica that produces or produced the events. */
  readonly owner: string;
  readonly ownerEpoch: number;
  readonly attempts: readonly Attempt[];
  readonly usage: TokenUsage | undefined;
  readonly error: GatewayError | undefined;
  readonly createTimeMs: number;
  readonly updateTimeMs: number;
  readonly endTimeMs: number | undefined;
  readonly expireTimeMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface StreamFilter {
  /** Empty: all. */
  readonly phases: readonly StreamPhase[];
  /** "": all. */
  readonly provider: string;
  readonly caller: string;
  /** Only streams whose last event is at least this old. */
  readonly olderThanMs: number;
}

export interface StreamPage {
  readonly streams: readonly StreamState[];
  /** "" on the last page. */
  readonly nextToken: string;
}

export interface CleanupOrder {
  /** Only streams that ended at least this long ago. */
  readonly olderThanMs: number;
  readonly dryRun: boolean;
  /** Empty: all. */
  readonly phases: readonly EndedPhase[];
  /** Also ends and deletes orphans whose last event is at least that old. */
  readonly includeOrphaned: boolean;
  /** 0: only the server's bound. */
  readonly maxDeletions: number;
}

export interface CleanupReport {
  readonly matched: number;
  readonly deleted: number;
  /** Streams that are that old and still run. */
  readonly skipped: number;
  readonly freedBytes: number;
  /** Some of those that matched, at most 100. */
  readonly sample: readonly string[];
  /** The limit ended it. */
  readonly truncated: boolean;
}

/** Every method throws `GatewayError`. */
export interface StreamOperations {
  /** Newest first. */
  list(filter: StreamFilter, pageSize: number, pageToken: string): Promise<StreamPage>;
  get(streamId: string): Promise<StreamState>;
  /** Cancels any caller's stream. `cancelled` false: the stream had already ended. */
  cancel(
    streamId: string,
    note: string,
  ): Promise<{ readonly cancelled: boolean; readonly stream: StreamState }>;
  cleanup(order: CleanupOrder): Promise<CleanupReport>;
}
