import { GatewayError } from "../domain/gateway-error.ts";

/** Earliest sensible repetition in milliseconds while the store is away. */
const OUTAGE_HINT_MS = 1_000;

/** The error for a caller that needs the store while it is away. */
export function storeUnavailable(cause?: unknown): GatewayError {
  return new GatewayError("state-unavailable", "the stream store does not answer", {
    retryAfterMs: OUTAGE_HINT_MS,
    ...(cause !== undefined && { cause }),
  });
}
