import { GatewayError } from "../domain/gateway-error.ts";

/**
 * Why the work on a call is aborted where its caller does not wait for it any more. One for all calls: an
 * abort without a reason costs a stack trace of its own, and the libraries' reasons are none of our errors.
 */
export const CALLER_GONE = new GatewayError(
  "cancelled",
  "the caller cancelled the call or its connection was lost",
);
