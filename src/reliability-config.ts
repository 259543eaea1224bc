import { ConfigProblem } from "./config/readers.ts";
import type { ReliabilityFields } from "./config/reliability.ts";
import {
  DEFAULT_SETTINGS,
  type ReliabilitySettings,
  SHARED,
} from "./reliability/reliability-settings.ts";

type Backoff = ReliabilitySettings["retry"]["transient"];

function backoff(
  section: "transient" | "throttle",
  given: NonNullable<ReliabilityFields["retry"]>["transient"],
  maxWaitMs: number,
): Backoff {
  const usual = DEFAULT_SETTINGS.retry[section];
  const capMs = given?.cap ?? Math.min(usual.capMs, maxWaitMs);
  const baseMs = given?.base ?? Math.min(usual.baseMs, capMs);
  // Who shortens the first wait shortens the one at the last target by as much.
  const scaled = (baseMs / usual.baseMs) * usual.lastTargetBaseMs;
  const lastTargetBaseMs = given?.last_target_base ?? Math.min(scaled, capMs);
  for (const [key, ms] of [
    ["base", baseMs],
    ["last_target_base", lastTargetBaseMs],
  ] as const) {
    if (ms <= capMs) continue;
    throw new ConfigProblem(["retry", section, key], `is above the longest wait (${capMs} ms)`);
  }
  return { baseMs, lastTargetBaseMs, capMs };
}

/** A value and the longest that goes with it: a default gives way, and a contradiction is refused. */
function bounded(
  path: readonly string[],
  given: number | undefined,
  usual: number,
  most: number | undefined,
): number {
  if (given !== undefined && most !== undefined && given > most) {
    throw new ConfigProblem([...path], `is above ${path.at(0)}.max_${path.at(-1)}`);
  }
  return given ?? Math.min(usual, most ?? usual);
}

function retrySettings(given: ReliabilityFields["retry"]): ReliabilitySettings["retry"] {
  const usual = DEFAULT_SETTINGS.retry;
  const attempts = bounded(
    ["retry", "attempts"],
    given?.attempts,
    usual.attempts,
    given?.max_attempts,
  );
  const totalAttempts = bounded(
    ["retry", "total_attempts"],
    given?.total_attempts,
    usual.totalAttempts,
    given?.max_total_attempts,
  );
  const maxWaitMs = given?.max_wait ?? usual.maxWaitMs;
  return {
    attempts,
    maxAttempts: Math.max(attempts, given?.max_attempts ?? usual.maxAttempts),
    totalAttempts,
    maxTotalAttempts: Math.max(totalAttempts, given?.max_total_attempts ?? usual.maxTotalAttempts),
    transient: backoff("transient", given?.transient, maxWaitMs),
    throttle: backoff("throttle", given?.throttle, maxWaitMs),
    maxWaitMs,
    maxTotalDelayMs: given?.max_total_delay ?? Math.max(usual.maxTotalDelayMs, maxWaitMs),
    shortHintMs: given?.short_hint ?? usual.shortHintMs,
  };
}

function healthSettings(given: ReliabilityFields["health"]): ReliabilitySettings["health"] {
  const usual = DEFAULT_SETTINGS.health;
  const ejectionMs = bounded(
    ["health", "ejection"],
    given?.ejection,
    usual.ejectionMs,
    given?.max_ejection,
  );
  return {
    consecutiveFailures: given?.consecutive_failures ?? usual.consecutiveFailures,
    minSpanMs: given?.min_span ?? usual.minSpanMs,
    failureRate: given?.failure_rate ?? usual.failureRate,
    minRequests: given?.min_requests ?? usual.minRequests,
    windowMs: given?.window ?? usual.windowMs,
    ejectionMs,
    maxEjectionMs: Math.max(ejectionMs, given?.max_ejection ?? usual.maxEjectionMs),
    panic: given?.panic ?? usual.panic,
    probeFirstTokenMs: given?.probe_first_token ?? usual.probeFirstTokenMs,
    refusedMs: given?.refused ?? usual.refusedMs,
    quotaMs: given?.quota ?? usual.quotaMs,
  };
}

/** An instance or a model that may have a limit of its own. */
interface Limited {
  readonly id: string;
  readonly limit?: Partial<ReliabilitySettings["limit"]>;
}

function targetLimits(
  providers: readonly Limited[],
  models: readonly (Limited & { readonly provider: string })[],
): ReliabilitySettings["targetLimits"] {
  const own = new Map<string, Partial<ReliabilitySettings["limit"]>>();
  for (const { id, limit } of providers) if (limit !== undefined) own.set(id, limit);
  for (const { id, provider, limit } of models) {
    if (limit !== undefined) own.set(`${provider}/${id}`, limit);
  }
  return own;
}

/** The sections of the file with the defaults for what they leave out. Throws `ConfigProblem`. */
export function reliabilitySettings(
  given: ReliabilityFields,
  providers: readonly Limited[] = [],
  models: readonly (Limited & { readonly provider: string })[] = [],
  hasSeveralCallers = false,
): ReliabilitySettings {
  const { budget, limit, hedge } = DEFAULT_SETTINGS;
  return {
    retry: retrySettings(given.retry),
    budget: {
      capacity: given.budget?.capacity ?? budget.capacity,
      transientCost: given.budget?.transient_cost ?? budget.transientCost,
      throttleCost: given.budget?.throttle_cost ?? budget.throttleCost,
      refill: given.budget?.refill ?? budget.refill,
      fillMs: given.budget?.fill ?? budget.fillMs,
    },
    health: healthSettings(given.health),
    limit: {
      maxInFlight: given.limit?.max_in_flight ?? limit.maxInFlight,
      queueLength: given.limit?.queue_length ?? limit.queueLength,
      queueWaitMs: given.limit?.queue_wait ?? limit.queueWaitMs,
      callerShare: given.limit?.caller_share ?? (hasSeveralCallers ? SHARED : limit.callerShare),
    },
    targetLimits: targetLimits(providers, models),
    hedge: {
      share: given.hedge?.share ?? hedge.share,
      minDelayMs: given.hedge?.min_delay ?? hedge.minDelayMs,
      maxInputTokens: given.hedge?.max_input_tokens ?? hedge.maxInputTokens,
    },
  };
}
