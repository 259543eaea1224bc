import { GatewayError } from "../domain/gateway-error.ts";

/**
 * The abort reason for a call whose caller no longer waits. A shared constant: an abort without a reason costs a
 * stack trace, and the libraries' reasons are not `GatewayError`s.
 */
export const CALLER_GONE = new GatewayError(
  "cancelled",
  "the caller cancelled the call or its connection was lost",
);
