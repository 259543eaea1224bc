// When a call is made again, and after how long: one rule for unary calls and for streams.
import { Code, type SteerError } from "./steer-error.ts";

/** Repetitions in a row, without one new event between them; about 15 s in all. */
export const MAX_TRIES = 10;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5_000;

/** How libraries and proxies name a connection that was lost. */
const LOST_CODES: ReadonlySet<number> = new Set([
  Code.UNAVAILABLE,
  Code.ABORTED,
  Code.CANCELLED,
  Code.INTERNAL,
]);

/** The service asks for a repetition, or the call was lost before the service answered. */
export function isRepeatable({ code, pushbackMs, isFromGateway }: SteerError): boolean {
  if (pushbackMs !== undefined) return pushbackMs >= 0 && code === Code.UNAVAILABLE;
  return !isFromGateway && LOST_CODES.has(code);
}

/**
 * Milliseconds before the repetition number `tries`, from 1: random within a range that doubles,
 * and at least as long as the service asks for. `random` is in [0, 1).
 */
export function waitBefore(cause: SteerError, tries: number, random: number): number {
  const most = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return Math.max(cause.retryDelayMs ?? 0, cause.pushbackMs ?? 0, random * most);
}
