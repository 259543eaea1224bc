import type { GatewayError } from "../../domain/gateway-error.ts";
import type { StoredEvent } from "../../domain/generation.ts";

/** An encoder whose output can be void before anybody has it. */
export interface DiscardingEncoder extends StreamEncoder {
  /** Forgets all output: what follows begins the answer again. */
  discard(): void;
}

/** Writes the events of one stream in a dialect. */
export interface StreamEncoder {
  /** Server-sent events of one event of the log; "": it has none. Throws `GatewayError` for the stream's error. */
  encode(event: StoredEvent): string;
  /** A sign of life. */
  heartbeat(): string;
  /** The end of a stream that has begun and fails. */
  fail(error: GatewayError): string;
}
