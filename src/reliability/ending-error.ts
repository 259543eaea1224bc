import type { DecisionReason } from "../domain/decided.ts";
import { type GatewayError, withReason } from "../domain/gateway-error.ts";

/** Kinds whose end says that the attempts are used up; the others keep their own reason. */
const EXHAUSTIBLE: ReadonlySet<GatewayError["kind"]> = new Set([
  "server-error",
  "network",
  "provider-overloaded",
]);

/**
 * The error that a call ends with: its last failure, with the reason ATTEMPTS_EXHAUSTED
 * if more than one attempt was made and `why` is that no more are allowed.
 */
export function endingError(
  error: GatewayError,
  why: DecisionReason,
  attempts: number,
): GatewayError {
  const isExhausted = why === "attempts" && attempts > 1 && EXHAUSTIBLE.has(error.kind);
  return isExhausted ? withReason(error, "ATTEMPTS_EXHAUSTED") : error;
}
