// V8 collects garbage when objects are made. An idle process makes none, and keeps for hours what its last load left.
import type { Clock } from "./clock.ts";
import type { ActivitySample } from "./domain/activity.ts";

/** Growth of the heap, in bytes, that is worth the pause of a collection. */
const WORTH_BYTES = 16 * 1024 * 1024;
/** Least time between two collections in milliseconds: calls that come in bursts must not pay for one after each burst. */
const LEAST_MS = 30_000;

export interface IdleCollectionOptions {
  readonly clock: Clock;
  /** Collects all garbage. */
  readonly collect: () => void;
  /** Bytes that the heap has of the system. */
  readonly heapBytes: () => number;
}

type Second = Pick<ActivitySample, "calls" | "runningCalls" | "runningGenerations">;

/** Collects garbage in an idle second, if the heap has grown enough since the last collection. */
export class IdleCollection {
  readonly #clock: Clock;
  readonly #collect: () => void;
  readonly #heapBytes: () => number;
  /** Least size of the heap since the last collection. */
  #leastBytes: number;
  #collectedAt: number;

  constructor({ clock, collect, heapBytes }: IdleCollectionOptions) {
    this.#clock = clock;
    this.#collect = collect;
    this.#heapBytes = heapBytes;
    this.#collectedAt = clock.now();
    this.#leastBytes = heapBytes();
  }

  /** Called after every second with what happened in it. */
  second({ calls, runningCalls, runningGenerations }: Second): void {
    if (calls + runningCalls + runningGenerations > 0) return;
    const bytes = this.#heapBytes();
    this.#leastBytes = Math.min(this.#leastBytes, bytes);
    if (bytes < this.#leastBytes + WORTH_BYTES) return;
    if (this.#clock.now() < this.#collectedAt + LEAST_MS) return;
    this.#collect();
    this.#collectedAt = this.#clock.now();
    this.#leastBytes = this.#heapBytes();
  }
}
