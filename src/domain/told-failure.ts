import type { GatewayError } from "./gateway-error.ts";

/** A failure that was reported where it arose. Its call ends with it and reports nothing further. */
export abstract class ToldFailure extends Error {
  abstract readonly error: GatewayError;
}
