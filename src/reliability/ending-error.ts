import type { DecisionReason } from "../domain/decided.ts";
import { type GatewayError, withReason } from "../domain/gateway-error.ts";

/** Kinds whose final error gets the reason ATTEMPTS_EXHAUSTED. The others keep their own reason. */
const EXHAUSTIBLE: ReadonlySet<GatewayError["kind"]> = new Set([
  "server-error",
  "network",
  "provider-overloaded",
]);

/**
 * The final error of a call: its last failure, with the reason ATTEMPTS_EXHAUSTED if more than one attempt was made
 * and `why` says that no more are allowed.
 */
export function endingError(
  error: GatewayError,
  why: DecisionReason,
  attempts: number,
): GatewayError {
  const isExhausted = why === "attempts" && attempts > 1 && EXHAUSTIBLE.has(error.kind);
  return isExhausted ? withReason(error, "ATTEMPTS_EXHAUSTED") : error;
}
