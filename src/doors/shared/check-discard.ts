import { GatewayError } from "../../domain/gateway-error.ts";
import type { AttemptNotice } from "../../domain/generation.ts";

/**
 * To be asked at each notice: a client of another API cannot drop what it has been given. Throws OUTPUT_DISCARDED if
 * `isBegun` and the notice voids the output so far.
 */
export function checkDiscard({ discardOutput }: AttemptNotice, isBegun: boolean): void {
  if (!discardOutput || !isBegun) return;
  const message = "the answer broke off, and the one that follows does not go on with its text";
  throw new GatewayError("conflict", message, { reason: "OUTPUT_DISCARDED" });
}
