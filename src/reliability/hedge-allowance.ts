import type { Latency } from "./latency.ts";

/** Rival attempts that may be sent in a burst before the share applies. */
const BURST = 5;

/** Keeps the share of requests with a rival attempt below the configured bound. */
export class HedgeAllowance {
  readonly #share: () => number;
  #tokens = BURST;

  constructor(share: () => number) {
    this.#share = share;
  }

  request(): void {
    this.#tokens = Math.min(BURST, this.#tokens + this.#share());
  }

  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** Milliseconds before the rival attempt: as requested, otherwise the latency of most calls; undefined: unknown. */
export function hedgeDelayMs(
  askedMs: number | undefined,
  latency: Latency,
  minDelayMs: number,
  now: number,
): number | undefined {
  if (askedMs !== undefined) return askedMs;
  const slow = latency.quantile(0.95, now);
  return slow === undefined ? undefined : Math.max(slow, minDelayMs);
}
