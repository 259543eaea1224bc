import {
  DEFAULT_SETTINGS,
  type ReliabilitySettings,
  SHARED,
} from "../reliability/reliability-settings.ts";
import { amount, ConfigProblem, count, duration, durationOrNone, flag, share } from "./readers.ts";
import { object, type Section } from "./sections.ts";
import { targetLimit } from "./targets.ts";

const backoffFields = object({ base: duration, last_target_base: duration, cap: duration });

/** The sections `retry`, `budget`, `health`, `limit` and `hedge` of the file. */
export const reliabilityFields = {
  retry: object({
    attempts: count,
    max_attempts: count,
    total_attempts: count,
    max_total_attempts: count,
    transient: backoffFields,
    throttle: backoffFields,
    max_wait: duration,
    max_total_delay: duration,
    short_hint: durationOrNone,
  }),
  budget: object({
    capacity: amount,
    transient_cost: amount,
    throttle_cost: amount,
    refill: amount,
    fill: duration,
  }),
  health: object({
    consecutive_failures: count,
    min_span: duration,
    failure_rate: share,
    min_requests: count,
    window: duration,
    ejection: duration,
    max_ejection: duration,
    panic: flag,
    probe_first_token: duration,
    refused: duration,
    quota: duration,
  }),
  limit: targetLimit,
  hedge: object({ share, min_delay: duration, max_input_tokens: count }),
};

type ReliabilityFields = Section<typeof reliabilityFields>;
type RetryFields = NonNullable<ReliabilityFields["retry"]>;
type HealthFields = NonNullable<ReliabilityFields["health"]>;

function backoff(
  section: "transient" | "throttle",
  given: ReturnType<typeof backoffFields> = {},
  maxWaitMs: number,
): ReliabilitySettings["retry"]["transient"] {
  const usual = DEFAULT_SETTINGS.retry[section];
  const { capMs = Math.min(usual.capMs, maxWaitMs) } = given;
  const { baseMs = Math.min(usual.baseMs, capMs) } = given;
  // A shorter first wait shortens the first wait at the last target in the same ratio.
  const scaled = (baseMs / usual.baseMs) * usual.lastTargetBaseMs;
  const { lastTargetBaseMs = Math.min(scaled, capMs) } = given;
  for (const [key, ms] of [
    ["base", baseMs],
    ["last_target_base", lastTargetBaseMs],
  ] as const) {
    if (ms <= capMs) continue;
    throw new ConfigProblem(["retry", section, key], `is above the longest wait (${capMs} ms)`);
  }
  return { baseMs, lastTargetBaseMs, capMs };
}

/**
 * A value with an upper bound. If only one of both is given, the default of the other is adapted. Throws
 * `ConfigProblem` if both are given and contradict each other.
 */
function bounded(
  [section, key]: readonly [section: string, key: string],
  given: { readonly value: number | undefined; readonly most: number | undefined },
  usual: { readonly value: number; readonly most: number },
): { readonly value: number; readonly most: number } {
  if (given.value !== undefined && given.most !== undefined && given.value > given.most) {
    throw new ConfigProblem([section, key], `is above ${section}.max_${key}`);
  }
  const value = given.value ?? Math.min(usual.value, given.most ?? usual.value);
  return { value, most: Math.max(value, given.most ?? usual.most) };
}

function retrySettings(given: RetryFields = {}): ReliabilitySettings["retry"] {
  const usual = DEFAULT_SETTINGS.retry;
  const { maxWaitMs = usual.maxWaitMs } = given;
  const { value: attempts, most: maxAttempts } = bounded(
    ["retry", "attempts"],
    { value: given.attempts, most: given.maxAttempts },
    { value: usual.attempts, most: usual.maxAttempts },
  );
  const { value: totalAttempts, most: maxTotalAttempts } = bounded(
    ["retry", "total_attempts"],
    { value: given.totalAttempts, most: given.maxTotalAttempts },
    { value: usual.totalAttempts, most: usual.maxTotalAttempts },
  );
  return {
    ...usual,
    maxTotalDelayMs: Math.max(usual.maxTotalDelayMs, maxWaitMs),
    ...given,
    attempts,
    maxAttempts,
    totalAttempts,
    maxTotalAttempts,
    transient: backoff("transient", given.transient, maxWaitMs),
    throttle: backoff("throttle", given.throttle, maxWaitMs),
  };
}

function healthSettings(given: HealthFields = {}): ReliabilitySettings["health"] {
  const usual = DEFAULT_SETTINGS.health;
  const { value: ejectionMs, most: maxEjectionMs } = bounded(
    ["health", "ejection"],
    { value: given.ejectionMs, most: given.maxEjectionMs },
    { value: usual.ejectionMs, most: usual.maxEjectionMs },
  );
  return { ...usual, ...given, ejectionMs, maxEjectionMs };
}

/** An instance or model that may have its own limit. */
interface Limited {
  readonly id: string;
  readonly limit?: Partial<ReliabilitySettings["limit"]>;
}

/** Configured instances, models and callers that affect these sections. */
export interface Configured {
  readonly providers?: readonly Limited[] | undefined;
  readonly models?: readonly (Limited & { readonly provider: string })[];
  readonly hasSeveralCallers?: boolean;
}

function targetLimits({
  providers = [],
  models = [],
}: Configured): ReliabilitySettings["targetLimits"] {
  const own = new Map<string, Partial<ReliabilitySettings["limit"]>>();
  for (const { id, limit } of providers) if (limit !== undefined) own.set(id, limit);
  for (const { id, provider, limit } of models) {
    if (limit !== undefined) own.set(`${provider}/${id}`, limit);
  }
  return own;
}

/** The settings for several callers, where the file gives no share of one's own. */
export function withSharedPlaces(settings: ReliabilitySettings): ReliabilitySettings {
  return { ...settings, limit: { ...settings.limit, callerShare: SHARED } };
}

/** The settings of these sections, with defaults for missing keys. Throws `ConfigProblem`. */
export function reliabilitySettings(
  given: ReliabilityFields,
  configured: Configured = {},
): ReliabilitySettings {
  const { budget, limit, hedge } = DEFAULT_SETTINGS;
  const callerShare = configured.hasSeveralCallers ? SHARED : limit.callerShare;
  return {
    retry: retrySettings(given.retry),
    budget: { ...budget, ...given.budget },
    health: healthSettings(given.health),
    limit: { ...limit, callerShare, ...given.limit },
    targetLimits: targetLimits(configured),
    hedge: { ...hedge, ...given.hedge },
  };
}
