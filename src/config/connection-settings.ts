// How connections end: in a drain, and by their age.

import type { DrainSettings } from "../rpc/drain.ts";
import type { AgeLimit } from "../rpc/http2-sessions.ts";
import type { AgeFields, DrainFields } from "./drain.ts";
import { ConfigProblem } from "./readers.ts";

/** The grace is below the 30 s that an orchestrator usually gives a process to end. */
const DEFAULT_DRAIN: DrainSettings = { noticeMs: 2_000, graceMs: 25_000 };

/** The longest generation of the default `timeouts.max_total`: age cuts none. */
const DEFAULT_AGE_GRACE_MS = 3_600_000;

/** The section `drain` with the defaults for what it leaves out. Throws `ConfigProblem`. */
export function drainSettings(given: DrainFields | undefined): DrainSettings {
  const graceMs = given?.grace ?? DEFAULT_DRAIN.graceMs;
  const noticeMs = given?.notice ?? Math.min(DEFAULT_DRAIN.noticeMs, graceMs);
  if (noticeMs <= graceMs) return { noticeMs, graceMs };
  throw new ConfigProblem(["drain", "notice"], `is above drain.grace (${graceMs} ms)`);
}

/** The age limit of gRPC connections; undefined where none is set. Throws `ConfigProblem`. */
export function ageLimit(given: AgeFields | undefined): AgeLimit | undefined {
  const { max_connection_age: maxMs, max_connection_age_grace: graceMs } = given ?? {};
  if (maxMs !== undefined) return { maxMs, graceMs: graceMs ?? DEFAULT_AGE_GRACE_MS };
  if (graceMs === undefined) return undefined;
  const message = "needs grpc.max_connection_age";
  throw new ConfigProblem(["grpc", "max_connection_age_grace"], message);
}
