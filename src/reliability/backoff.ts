/** Longest random addition to a hint, in milliseconds, so that callers with the same hint do not return together. */
const MAX_HINT_SPREAD_MS = 1_000;
const HINT_SPREAD = 0.1;

/** Largest random share of a wait at the last open target: at least half of the step is waited. */
export const MAX_JITTER_AT_LAST_TARGET = 0.5;

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
  readonly multiplier: number;
  /** Random share of a wait, 0 (none) to 1 (full jitter). */
  readonly jitter: number;
}

/**
 * A wait in milliseconds by a provider's hint: never shorter, longer by at most 10% and at most 1 s. `random` is
 * uniform in [0, 1).
 */
export function hintedWaitMs(hintMs: number, random: number): number {
  return hintMs + random * Math.min(MAX_HINT_SPREAD_MS, hintMs * HINT_SPREAD);
}

/**
 * The wait before a repetition in milliseconds: exponential with jitter, never below the provider's hint. `retries`
 * counts the repetitions already made.
 */
export function backoffMs(
  backoff: Backoff,
  retries: number,
  hintMs: number | undefined,
  random: () => number,
): { readonly ms: number; readonly isHint: boolean } {
  const { baseMs, capMs, multiplier, jitter } = backoff;
  const full = Math.min(capMs, baseMs * multiplier ** retries);
  const own = full * (1 - jitter + jitter * random());
  const hinted = hintMs === undefined ? 0 : hintedWaitMs(hintMs, random());
  return hinted > own ? { ms: hinted, isHint: true } : { ms: own, isHint: false };
}
