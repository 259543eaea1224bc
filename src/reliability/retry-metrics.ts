import type { DecisionReason } from "../domain/decided.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";
import type { AttemptTrigger } from "../domain/generation.ts";
import type { RetryDecision, RetryStatus } from "../domain/operations.ts";

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Counters since the start of the process. */
type RetryCounts = Mutable<Omit<RetryStatus, "errors" | "decisions">> & {
  readonly errors: Map<ErrorKind, number>;
  readonly decisions: Map<string, Mutable<RetryDecision>>;
};

function noCounts(): RetryCounts {
  return {
    requests: 0,
    attempts: 0,
    retries: 0,
    failovers: 0,
    recovered: 0,
    exhausted: 0,
    delayMs: 0,
    hedges: 0,
    hedgeWins: 0,
    errors: new Map(),
    decisions: new Map(),
  };
}

/** Counts the engine's actions by provider instance. */
export class RetryMetrics {
  readonly #counts = new Map<string, RetryCounts>();

  of(provider: string): RetryCounts {
    let counts = this.#counts.get(provider);
    if (counts === undefined) {
      counts = noCounts();
      this.#counts.set(provider, counts);
    }
    return counts;
  }

  attempt(provider: string, trigger: AttemptTrigger, delayMs: number): void {
    const counts = this.of(provider);
    counts.attempts++;
    counts.delayMs += delayMs;
    if (trigger === "retry") counts.retries++;
    else if (trigger === "failover") counts.failovers++;
    else if (trigger === "hedge") counts.hedges++;
  }

  failure(provider: string, kind: ErrorKind): void {
    const { errors } = this.of(provider);
    errors.set(kind, (errors.get(kind) ?? 0) + 1);
  }

  decision(provider: string, kind: ErrorKind, retried: boolean, reason: DecisionReason): void {
    const { decisions } = this.of(provider);
    const key = `${kind} ${retried} ${reason}`;
    const known = decisions.get(key);
    if (known === undefined) decisions.set(key, { kind, retried, reason, count: 1 });
    else known.count++;
  }
}
