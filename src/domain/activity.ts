// What the service does now and did lately, for operators: counts, names and durations, never content.
import type { ErrorKind } from "./error-kind.ts";
import type { LineFields } from "./log-line.ts";

const SHORTEST_MS = 10;
const BOUNDS = 27;

/**
 * Upper bounds of the intervals of times to first token, rising: from 10 ms to 82 s, each 1.41 times the one before.
 */
export const FIRST_TOKEN_BOUNDS_MS: readonly number[] = Array.from({ length: BOUNDS }, (_, index) =>
  Math.round(SHORTEST_MS * 2 ** (index / 2)),
);

/** Seconds that a replica remembers. */
export const REMEMBERED_SECONDS = 900;

/** Counts of what ended in one second. */
export interface ActivityCounts {
  readonly calls: number;
  /** Calls that ended with an error. */
  readonly errors: ReadonlyMap<ErrorKind, number>;
  readonly generations: number;
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Trillionths of a unit by currency. */
  readonly costs: ReadonlyMap<string, number>;
  /** Generations by their time to first token, with one number more than there are bounds. Empty: none. */
  readonly firstTokens: readonly number[];
}

/** Values at the end of a second. */
export interface ActivityGauges {
  readonly runningCalls: number;
  readonly runningGenerations: number;
  /** Longest delay of the event loop in the second, in milliseconds. */
  readonly delayMs: number;
}

export interface ActivitySample extends ActivityCounts, ActivityGauges {
  /** End of the second: whole seconds since the epoch. */
  readonly second: number;
  /** Replicas whose activity is included. */
  readonly replicaCount: number;
}

/** Fields of a call's log line that are remembered. */
export const REMEMBERED_FIELDS = [
  "method",
  "system",
  "error",
  "reason",
  "duration_ms",
  "caller",
  "x_request_id",
  "trace_id",
  "requested_model",
  "provider",
  "model",
  "attempts",
  "ttft_ms",
  "finish_reason",
  "input_tokens",
  "output_tokens",
  "cost_picos",
  "currency",
  "generation_id",
  "stream_id",
  "request_id",
] as const satisfies readonly (keyof LineFields<"call">)[];

export type RememberedFields = Partial<
  Pick<LineFields<"call">, (typeof REMEMBERED_FIELDS)[number]>
>;

/** A call that ended, or a generation that ended after its call. */
export interface RecentCall {
  /** Milliseconds since the epoch, by the clock of its replica. */
  readonly endMs: number;
  readonly replica: string;
  /** Position among all calls of the replica, rising. */
  readonly number: number;
  readonly fields: RememberedFields;
}
