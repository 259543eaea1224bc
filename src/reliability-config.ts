import { ConfigProblem } from "./config/readers.ts";
import type { ReliabilityFields } from "./config/reliability.ts";
import { DEFAULT_SETTINGS, type ReliabilitySettings } from "./reliability/settings.ts";

type Backoff = ReliabilitySettings["retry"]["transient"];

function backoff(
  section: "transient" | "throttle",
  given: NonNullable<ReliabilityFields["retry"]>["transient"],
  maxWaitMs: number,
): Backoff {
  const usual = DEFAULT_SETTINGS.retry[section];
  const capMs = given?.cap ?? Math.min(usual.capMs, maxWaitMs);
  const baseMs = given?.base ?? Math.min(usual.baseMs, capMs);
  if (baseMs > capMs) {
    throw new ConfigProblem(["retry", section, "base"], `is above the longest wait (${capMs} ms)`);
  }
  return { baseMs, capMs };
}

function retrySettings(given: ReliabilityFields["retry"]): ReliabilitySettings["retry"] {
  const usual = DEFAULT_SETTINGS.retry;
  const attempts = given?.attempts ?? usual.attempts;
  const totalAttempts = given?.total_attempts ?? usual.totalAttempts;
  const maxWaitMs = given?.max_wait ?? usual.maxWaitMs;
  return {
    attempts,
    maxAttempts: Math.max(attempts, given?.max_attempts ?? usual.maxAttempts),
    totalAttempts,
    maxTotalAttempts: Math.max(totalAttempts, given?.max_total_attempts ?? usual.maxTotalAttempts),
    transient: backoff("transient", given?.transient, maxWaitMs),
    throttle: backoff("throttle", given?.throttle, maxWaitMs),
    maxWaitMs,
  };
}

function healthSettings(given: ReliabilityFields["health"]): ReliabilitySettings["health"] {
  const usual = DEFAULT_SETTINGS.health;
  const ejectionMs = given?.ejection ?? usual.ejectionMs;
  return {
    consecutiveFailures: given?.consecutive_failures ?? usual.consecutiveFailures,
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

/** The sections of the file with the defaults for what they leave out. Throws `ConfigProblem`. */
export function reliabilitySettings(given: ReliabilityFields): ReliabilitySettings {
  const { budget, limit, hedge } = DEFAULT_SETTINGS;
  return {
    retry: retrySettings(given.retry),
    budget: {
      capacity: given.budget?.capacity ?? budget.capacity,
      transientCost: given.budget?.transient_cost ?? budget.transientCost,
      throttleCost: given.budget?.throttle_cost ?? budget.throttleCost,
      refill: given.budget?.refill ?? budget.refill,
    },
    health: healthSettings(given.health),
    limit: {
      maxInFlight: given.limit?.max_in_flight ?? limit.maxInFlight,
      queueLength: given.limit?.queue_length ?? limit.queueLength,
      queueWaitMs: given.limit?.queue_wait ?? limit.queueWaitMs,
    },
    hedge: {
      share: given.hedge?.share ?? hedge.share,
      minDelayMs: given.hedge?.min_delay ?? hedge.minDelayMs,
      maxInputTokens: given.hedge?.max_input_tokens ?? hedge.maxInputTokens,
    },
  };
}
