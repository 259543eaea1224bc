// The operator's numbers. `docs/reliability.md` says why each default is what it is.

/** First wait and longest wait of our own choosing, in milliseconds. */
export interface BackoffSettings {
  readonly baseMs: number;
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
  /** Longest wait for a provider; a longer hint means another target or failure. */
  readonly maxWaitMs: number;
}

/** Retry budget of a provider instance, in tokens. */
export interface BudgetSettings {
  readonly capacity: number;
  readonly transientCost: number;
  readonly throttleCost: number;
  /** Given back by each attempt that is no retry and reaches content. */
  readonly refill: number;
}

export interface HealthSettings {
  /** Failures in a row that eject a target. */
  readonly consecutiveFailures: number;
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

/** Calls at one target. */
export interface LimitSettings {
  readonly maxInFlight: number;
  readonly queueLength: number;
  readonly queueWaitMs: number;
}

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
  readonly hedge: HedgeSettings;
}

export const DEFAULT_SETTINGS: ReliabilitySettings = {
  retry: {
    attempts: 3,
    maxAttempts: 5,
    totalAttempts: 4,
    maxTotalAttempts: 8,
    transient: { baseMs: 50, capMs: 2_000 },
    throttle: { baseMs: 1_000, capMs: 20_000 },
    maxWaitMs: 20_000,
  },
  budget: { capacity: 500, transientCost: 14, throttleCost: 5, refill: 1.4 },
  health: {
    consecutiveFailures: 5,
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
  limit: { maxInFlight: 512, queueLength: 512, queueWaitMs: 5_000 },
  hedge: { share: 0.05, minDelayMs: 500, maxInputTokens: 32_000 },
};
