import { invalidField } from "../domain/gateway-error.ts";
import type { Call } from "./call.ts";

const REQUEST_ID = /^[A-Za-z0-9._:-]{8,64}$/;

/** The idempotency key in the headers of a call; "": it has none. Throws INVALID_ARGUMENT. */
export function requestIdOf({ header }: Pick<Call, "header">): string {
  const key = header("idempotency-key") ?? "";
  if (key === "" || REQUEST_ID.test(key)) return key;
  throw invalidField("idempotency-key", "must be 8 to 64 letters, digits, . _ : -");
}
