import type { Latency } from "./latency.ts";

/** Rival attempts that may be sent at once before the share holds. */
const BURST = 5;

/** Keeps the share of requests with a rival attempt below a bound. */
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

/** The wait before the rival: what was asked for, else what most calls need; undefined: unknown. */
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
