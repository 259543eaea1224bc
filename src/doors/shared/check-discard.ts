import { GatewayError } from "../../domain/gateway-error.ts";
import type { AttemptNotice } from "../../domain/generation.ts";

/**
 * Must be called at each notice, because clients of other APIs cannot drop received output. Throws OUTPUT_DISCARDED
 * if `isBegun` and the notice discards the output so far.
 */
export function checkDiscard({ discardOutput }: AttemptNotice, isBegun: boolean): void {
  if (!discardOutput || !isBegun) return;
  const message = "the answer was interrupted, and the next one does not continue its text";
  throw new GatewayError("conflict", message, { reason: "OUTPUT_DISCARDED" });
}
