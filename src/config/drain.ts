// Settings for the end of connections: in a drain, and by age.
import type { DrainSettings } from "../rpc/drain.ts";
import type { AgeLimit } from "../rpc/http2-sessions.ts";
import { ConfigProblem, duration, restricted } from "./readers.ts";
import { object, type Section } from "./sections.ts";

/** The grace is below the 30 s that orchestrators usually give a process. */
const DEFAULT_DRAIN: DrainSettings = { noticeMs: 2_000, graceMs: 25_000 };

/** A longer wait for one replica would delay a whole rollout. */
const MAX_GRACE_MS = 3_600_000;

/** A shorter age would cost more handshakes than calls. */
const MIN_AGE_MS = 1_000;

/** As long as the default `timeouts.max_total`, so that age cuts off no generation. */
const DEFAULT_AGE_GRACE_MS = 3_600_000;

/** The section `drain` of the file. */
export const drainFields = object({
  notice: duration,
  grace: restricted(duration, (ms) => ms <= MAX_GRACE_MS, "must be 1h or less"),
});

/** Keys of the section `grpc` for the age of connections. */
export const ageFields = {
  max_connection_age: restricted(duration, (ms) => ms >= MIN_AGE_MS, "must be 1s or more"),
  max_connection_age_grace: duration,
};

/** The settings of the section `drain`, with defaults for missing keys. Throws `ConfigProblem`. */
export function drainSettings(given: ReturnType<typeof drainFields> = {}): DrainSettings {
  const { graceMs = DEFAULT_DRAIN.graceMs } = given;
  const { noticeMs = Math.min(DEFAULT_DRAIN.noticeMs, graceMs) } = given;
  if (noticeMs <= graceMs) return { noticeMs, graceMs };
  throw new ConfigProblem(["drain", "notice"], `is above drain.grace (${graceMs} ms)`);
}

/** The age limit of gRPC connections; undefined: no limit. Throws `ConfigProblem`. */
export function ageLimit(given: Section<typeof ageFields> = {}): AgeLimit | undefined {
  const { maxConnectionAgeMs: maxMs, maxConnectionAgeGraceMs: graceMs } = given;
  if (maxMs !== undefined) return { maxMs, graceMs: graceMs ?? DEFAULT_AGE_GRACE_MS };
  if (graceMs === undefined) return undefined;
  const message = "needs grpc.max_connection_age";
  throw new ConfigProblem(["grpc", "max_connection_age_grace"], message);
}
