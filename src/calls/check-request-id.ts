import { GatewayError } from "../domain/gateway-error.ts";
import type { CallHead } from "./call.ts";

const NAME = "x-request-id";
/** What each protocol can send back. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** The answer has the caller's own name of the call in its headers. Throws INVALID_ARGUMENT for one that they cannot hold. */
export function checkRequestId({ header }: Pick<CallHead, "header">): void {
  if (PRINTABLE.test(header(NAME) ?? "")) return;
  throw new GatewayError("validation", `${NAME}: must be printable ASCII`);
}
