import { GatewayError } from "../domain/gateway-error.ts";
import type { CallHead } from "./call.ts";

const NAME = "x-request-id";
/** Characters that the headers of every protocol can hold. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Checks the header `x-request-id`, which the answer repeats in its headers. Throws INVALID_ARGUMENT if a header
 * cannot hold its value.
 */
export function checkRequestId({ header }: Pick<CallHead, "header">): void {
  if (PRINTABLE.test(header(NAME) ?? "")) return;
  throw new GatewayError("validation", `${NAME}: must be printable ASCII`);
}
