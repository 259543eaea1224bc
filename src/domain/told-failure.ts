import type { GatewayError } from "./gateway-error.ts";

/** A failure that was told of where it arose: its call ends with it and tells nothing more. */
export abstract class ToldFailure extends Error {
  abstract readonly error: GatewayError;
}
