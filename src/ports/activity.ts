import type { ActivitySample, RecentCall } from "../domain/activity.ts";
import type { Scope } from "../domain/operations.ts";

/** One answer to a watcher. Watchers that want the same seconds get the same object. */
export interface ActivityReport {
  /** Oldest first. */
  readonly samples: readonly ActivitySample[];
  /** Replicas whose activity is in the last sample, in the order of their names. */
  readonly replicas: readonly string[];
}

export interface WatchQuery {
  readonly scope: Scope;
  /** Length of the past in the first report. */
  readonly historySeconds: number;
  readonly signal: AbortSignal;
  /** Time until the caller's deadline in milliseconds; undefined: none. */
  readonly timeoutMs: number | undefined;
}

export interface RecentCallsFilter {
  readonly scope: Scope;
  /** "": all; the same holds for `model` and `provider`. */
  readonly caller: string;
  readonly model: string;
  readonly provider: string;
  /** Only calls with an error. */
  readonly failed: boolean;
  /** Only calls with a requested model. */
  readonly generations: boolean;
}

export interface RecentCallsPage {
  /** Latest first. */
  readonly calls: readonly RecentCall[];
  /** "": the page is the last one. */
  readonly nextToken: string;
  readonly replicas: readonly string[];
}

/** The activity of this replica, or of all that share the store. */
export interface Activity {
  /**
   * Reports the past, then every second as it ends. Throws the reason of `signal` when it is aborted, and
   * `GatewayError` if there are too many watchers, the deadline passes or the replica ends.
   */
  watch(query: WatchQuery): AsyncIterable<ActivityReport>;
  /** Throws INVALID_ARGUMENT for a token of another list. */
  recentCalls(filter: RecentCallsFilter, limit: number, token: string): Promise<RecentCallsPage>;
  /** Calls that a replica remembers at most. */
  readonly rememberedCalls: number;
  readonly isDraining: boolean;
}
