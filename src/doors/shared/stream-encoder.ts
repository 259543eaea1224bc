import type { GatewayError } from "../../domain/gateway-error.ts";
import type { StoredEvent } from "../../domain/generation.ts";

/** An encoder whose output can be discarded before a client has received it. */
export interface DiscardingEncoder extends StreamEncoder {
  /** Forgets all output. The answer begins again with the next event. */
  discard(): void;
}

/** Encodes the events of one stream in a dialect. */
export interface StreamEncoder {
  /**
   * Server-sent events for one event of the log; "" if there are none. Throws `GatewayError` at the stream's error.
   */
  encode(event: StoredEvent): string;
  /** The text of a heartbeat. */
  heartbeat(): string;
  /** The end of a started stream that fails. */
  fail(error: GatewayError): string;
}
