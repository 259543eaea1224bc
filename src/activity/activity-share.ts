import type { ActivitySample, RecentCall } from "../domain/activity.ts";
import { encodeShared, MAX_SHARED_CALLS } from "./shared-activity.ts";

/** Longest time in milliseconds for which one hint counts. */
const MAX_HINT_MS = 60_000;

/** A hint that all replicas are watched, for `forMs` milliseconds, with or without their calls. */
export interface WatchedHint {
  readonly forMs: number;
  readonly calls: boolean;
}

export interface ActivityShareOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly latestCalls: (max: number) => readonly RecentCall[];
  readonly latestSamples: () => readonly ActivitySample[];
}

/** What this replica tells the others: nothing while nobody watches. */
export class ActivityShare {
  readonly #options: ActivityShareOptions;
  #watchedUntil = Number.NEGATIVE_INFINITY;
  #callsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ActivityShareOptions) {
    this.#options = options;
  }

  heard({ forMs, calls }: WatchedHint): void {
    const until = this.#options.now() + Math.min(forMs, MAX_HINT_MS);
    this.#watchedUntil = Math.max(this.#watchedUntil, until);
    if (calls) this.#callsUntil = Math.max(this.#callsUntil, until);
  }

  /** For the snapshot of this replica; undefined: nobody watches. */
  current(): object | undefined {
    const { now, latestCalls, latestSamples } = this.#options;
    const at = now();
    if (at >= this.#watchedUntil) return undefined;
    const calls = at < this.#callsUntil ? latestCalls(MAX_SHARED_CALLS) : undefined;
    return encodeShared({ samples: latestSamples(), calls });
  }
}
