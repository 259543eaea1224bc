import type { LimitSettings } from "../domain/limit-settings.ts";
// The operator's numbers. `docs/reliability.md` says why each default is what it is.

/** Waits of our own choosing, in milliseconds: `base · 2ⁿ`, at most `cap`. */
export interface BackoffSettings {
  readonly baseMs: number;
  /** First wait where no other target is open: somebody has to come back to this one. */
  readonly lastTargetBaseMs: number;
  readonly capMs: number;
}

export interface RetrySettings {
  /** At one target, the first attempt included; and what a request can raise it to. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Over all targets; and what a request can raise it to. */
  readonly totalAttempts: number;
  readonly maxTotalAttempts: number;
  readonly transient: BackoffSettings;
  /** After a rate limit or overload. */
  readonly throttle: BackoffSettings;
  /** Longest single wait for a provider; a longer hint means another target or failure. */
  readonly maxWaitMs: number;
  /** Bound of all waits of a call where its request names none. */
  readonly maxTotalDelayMs: number;
  /** A hint up to this is waited for although a target with another model is open; 0: none is. */
  readonly shortHintMs: number;
}

/** Retry budget of a provider instance, in tokens. */
export interface BudgetSettings {
  readonly capacity: number;
  readonly transientCost: number;
  readonly throttleCost: number;
  /** Given back by each attempt that is no retry and reaches content. */
  readonly refill: number;
  /** Time in which an empty bucket fills by itself. */
  readonly fillMs: number;
}

export interface HealthSettings {
  /** Failures in a row that eject a target. */
  readonly consecutiveFailures: number;
  /** Failures that came within less than this are a blip and eject nothing. */
  readonly minSpanMs: number;
  /** Share of failed calls that ejects a target, 0 to 1, from `minRequests` calls on. */
  readonly failureRate: number;
  readonly minRequests: number;
  readonly windowMs: number;
  /** First ejection; each further one in a row is twice as long, up to the longest. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Lets one probe at a time through where every target is ejected. */
  readonly panic: boolean;
  /** First-token limit of a probe. */
  readonly probeFirstTokenMs: number;
  /** How long a credential or a target stays out that was refused. */
  readonly refusedMs: number;
  /** How long an instance stays out whose quota is used up. */
  readonly quotaMs: number;
}

/** `callerShare` where there are several callers. */
export const SHARED = 0.75;

export interface HedgeSettings {
  /** Largest share of requests that get a rival attempt, 0 to 1. */
  readonly share: number;
  /** Shortest wait by measurement. */
  readonly minDelayMs: number;
  /** Longest prompt, in estimated tokens. */
  readonly maxInputTokens: number;
}

export interface ReliabilitySettings {
  readonly retry: RetrySettings;
  readonly budget: BudgetSettings;
  readonly health: HealthSettings;
  readonly limit: LimitSettings;
  /** What instances and models have of their own, by `provider` and by `provider/model`. */
  readonly targetLimits: ReadonlyMap<string, Partial<LimitSettings>>;
  readonly hedge: HedgeSettings;
}

/** The limit of a target: the model's own, else the instance's, else that of all. */
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
