import type { DefaultTimeouts } from "../reliability/attempt-limits.ts";
import { ConfigProblem, duration } from "./readers.ts";
import { object } from "./sections.ts";
import { targetTimeoutFields } from "./targets.ts";

const DEFAULTS: DefaultTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 30_000,
  firstTokenFailoverMs: 10_000,
  answerFailoverMs: 60_000,
  idleMs: 30_000,
  reasoningMs: 120_000,
  reasoningFailoverMs: 30_000,
  totalMs: 600_000,
  maxTotalMs: 3_600_000,
};

/** The section `timeouts` of the file. */
export const timeoutFields = object({
  ...targetTimeoutFields,
  total: duration,
  max_total: duration,
});

/** The settings of the section `timeouts`, with defaults for missing keys. Throws `ConfigProblem`. */
export function defaultTimeouts(given: ReturnType<typeof timeoutFields> = {}): DefaultTimeouts {
  const { maxTotalMs = DEFAULTS.maxTotalMs } = given;
  const { totalMs = Math.min(DEFAULTS.totalMs, maxTotalMs) } = given;
  if (totalMs <= maxTotalMs) return { ...DEFAULTS, ...given, totalMs, maxTotalMs };
  const message = `is above timeouts.max_total (${maxTotalMs} ms)`;
  throw new ConfigProblem(["timeouts", "total"], message);
}
