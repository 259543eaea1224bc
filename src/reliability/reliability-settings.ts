import type { LimitSettings } from "../domain/limit-settings.ts";
// The operator's settings. `docs/reliability.md` explains each default.

/** Waits without a provider's hint, in milliseconds: `base · 2ⁿ`, at most `cap`. */
export interface BackoffSettings {
  readonly baseMs: number;
  /** First wait if no other target is open, because the call has to return to this one. */
  readonly lastTargetBaseMs: number;
  readonly capMs: number;
}

export interface RetrySettings {
  /** Attempts at one target, the first included, and the most that a request can ask for. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Attempts over all targets, and the most that a request can ask for. */
  readonly totalAttempts: number;
  readonly maxTotalAttempts: number;
  readonly transient: BackoffSettings;
  /** Backoff after a rate limit or overload. */
  readonly throttle: BackoffSettings;
  /** Longest single wait for a provider. A longer hint leads to another target or to failure. */
  readonly maxWaitMs: number;
  /** Most milliseconds of all waits of a call if its request sets no bound. */
  readonly maxTotalDelayMs: number;
  /** A hint up to this many milliseconds is waited for although a target with another model is open; 0: none is. */
  readonly shortHintMs: number;
}

/** Retry budget of a provider instance, in tokens. */
export interface BudgetSettings {
  readonly capacity: number;
  readonly transientCost: number;
  readonly throttleCost: number;
  /** Tokens given back by each attempt that is no retry and reaches content. */
  readonly refill: number;
  /** Milliseconds in which an empty bucket fills by itself. */
  readonly fillMs: number;
}

export interface HealthSettings {
  /** Failures in a row that eject a target. */
  readonly consecutiveFailures: number;
  /** Failures within less than this many milliseconds are a short disturbance and eject nothing. */
  readonly minSpanMs: number;
  /** Share of failed calls that ejects a target, 0 to 1. Needs at least `minRequests` calls. */
  readonly failureRate: number;
  readonly minRequests: number;
  readonly windowMs: number;
  /** First ejection. Each further ejection in a row is twice as long, up to `maxEjectionMs`. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Whether one probe at a time is sent if every target is ejected. */
  readonly panic: boolean;
  /** First-token limit of a probe, in milliseconds. */
  readonly probeFirstTokenMs: number;
  /** Milliseconds for which a refused credential or target stays out. */
  readonly refusedMs: number;
  /** Milliseconds for which an instance with a used-up quota stays out. */
  readonly quotaMs: number;
}

/** Default of `callerShare` if there are several callers. */
export const SHARED = 0.75;

export interface HedgeSettings {
  /** Largest share of requests with a rival attempt, 0 to 1. */
  readonly share: number;
  /** Least measured wait before a rival attempt, in milliseconds. */
  readonly minDelayMs: number;
  /** Longest prompt with a rival attempt, in estimated tokens. */
  readonly maxInputTokens: number;
}

export interface ReliabilitySettings {
  readonly retry: RetrySettings;
  readonly budget: BudgetSettings;
  readonly health: HealthSettings;
  readonly limit: LimitSettings;
  /** Limits of instances and models, by `provider` and by `provider/model`. */
  readonly targetLimits: ReadonlyMap<string, Partial<LimitSettings>>;
  readonly hedge: HedgeSettings;
}

/** The limit of a target: the model's, otherwise the instance's, otherwise the general one. */
export function limitOf(
  { limit, targetLimits }: ReliabilitySettings,
  provider: string,
  model: string,
): LimitSettings {
  const ofInstance = targetLimits.get(provider);
  const ofModel = targetLimits.get(`${provider}/${model}`);
  if (ofInstance === undefined && ofModel === undefined) return limit;
  return { ...limit, ...ofInstance, ...ofModel };
}

export const DEFAULT_SETTINGS: ReliabilitySettings = {
  retry: {
    attempts: 3,
    maxAttempts: 5,
    totalAttempts: 4,
    maxTotalAttempts: 8,
    transient: { baseMs: 50, lastTargetBaseMs: 500, capMs: 2_000 },
    throttle: { baseMs: 1_000, lastTargetBaseMs: 1_000, capMs: 20_000 },
    maxWaitMs: 60_000,
    maxTotalDelayMs: 60_000,
    shortHintMs: 2_500,
  },
  budget: { capacity: 500, transientCost: 14, throttleCost: 5, refill: 1.4, fillMs: 60_000 },
  health: {
    consecutiveFailures: 5,
    minSpanMs: 1_000,
    failureRate: 0.5,
    minRequests: 10,
    windowMs: 120_000,
    ejectionMs: 10_000,
    maxEjectionMs: 30_000,
    panic: true,
    probeFirstTokenMs: 15_000,
    refusedMs: 300_000,
    quotaMs: 600_000,
  },
  limit: { maxInFlight: 512, queueLength: 512, queueWaitMs: 5_000, callerShare: 1 },
  targetLimits: new Map(),
  hedge: { share: 0.05, minDelayMs: 500, maxInputTokens: 32_000 },
};
