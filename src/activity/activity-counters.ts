import { type ActivityCounts, FIRST_TOKEN_BOUNDS_MS } from "../domain/activity.ts";
import type { Cost } from "../domain/cost.ts";
import type { ErrorKind } from "../domain/error-kind.ts";
import type { TokenUsage } from "../domain/token-usage.ts";

/** A generation that ended, as it is counted. */
interface EndedGeneration {
  readonly totalUsage?: Pick<TokenUsage, "inputTokens" | "outputTokens"> | undefined;
  readonly cost?: Pick<Cost, "currency" | "totalPicos"> | undefined;
  readonly timing: { readonly timeToFirstTokenMs?: number | undefined };
}

/** Adds to the number of a key. */
export function addCount<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

class Counting implements ActivityCounts {
  calls = 0;
  readonly errors = new Map<ErrorKind, number>();
  generations = 0;
  attempts = 0;
  inputTokens = 0;
  outputTokens = 0;
  readonly costs = new Map<string, number>();
  readonly firstTokens: number[] = [];
}

/** Index of the interval of a time. */
function intervalOf(ms: number): number {
  const index = FIRST_TOKEN_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return index === -1 ? FIRST_TOKEN_BOUNDS_MS.length : index;
}

/** Counts what ends, by additions only, so that nobody pays for a console that nobody has open. */
export class ActivityCounters {
  #current = new Counting();
  #running = 0;

  get runningCalls(): number {
    return this.#running;
  }

  callBegun(): void {
    this.#running++;
  }

  /** A call that began is over. */
  callOver(): void {
    this.#running--;
  }

  /** Counts a call at its end, also one that never began because it was refused. `error` undefined: the call succeeded. */
  callEnded(error: ErrorKind | undefined): void {
    this.#current.calls++;
    if (error !== undefined) addCount(this.#current.errors, error, 1);
  }

  attemptEnded(): void {
    this.#current.attempts++;
  }

  generationEnded({ totalUsage, cost, timing }: EndedGeneration): void {
    const counts = this.#current;
    counts.generations++;
    counts.inputTokens += totalUsage?.inputTokens ?? 0;
    counts.outputTokens += totalUsage?.outputTokens ?? 0;
    if (cost !== undefined) addCount(counts.costs, cost.currency, cost.totalPicos);
    const { timeToFirstTokenMs: ms } = timing;
    if (ms === undefined) return;
    if (counts.firstTokens.length === 0) {
      counts.firstTokens.push(...FIRST_TOKEN_BOUNDS_MS.map(() => 0), 0);
    }
    const interval = intervalOf(ms);
    counts.firstTokens[interval] = (counts.firstTokens[interval] ?? 0) + 1;
  }

  /** The counts since the last call of this function. */
  take(): ActivityCounts {
    const counts = this.#current;
    this.#current = new Counting();
    return counts;
  }
}
