// When a call is repeated, and after which wait: one rule for unary calls and streams.
import { Code, type SteerError } from "./steer-error.ts";

/** Most repetitions in a row without a new event between them; about 15 s in all. */
export const MAX_TRIES = 10;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5_000;

/** Codes with which libraries and proxies report a lost connection. */
const LOST_CODES: ReadonlySet<number> = new Set([
  Code.UNAVAILABLE,
  Code.ABORTED,
  Code.CANCELLED,
  Code.INTERNAL,
]);

/** True if the service asks for a repetition, or if the call was lost before the service answered. */
export function isRepeatable({ code, pushbackMs, isFromGateway }: SteerError): boolean {
  if (pushbackMs !== undefined) return pushbackMs >= 0 && code === Code.UNAVAILABLE;
  return !isFromGateway && LOST_CODES.has(code);
}

/**
 * Milliseconds before repetition number `tries`, from 1: random within a range that doubles, and at least as long
 * as the service asks for. `random` is in [0, 1).
 */
export function waitBefore(cause: SteerError, tries: number, random: number): number {
  const most = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return Math.max(cause.retryDelayMs ?? 0, cause.pushbackMs ?? 0, random * most);
}
