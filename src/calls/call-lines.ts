import type { Clock } from "../clock.ts";
import type { LineFields, Log } from "../domain/log-line.ts";
import { failureFields, headerFields } from "./call-fields.ts";
import type { CallEnd, Interceptor, ObservedCall } from "./interceptor.ts";
import { RefusedCalls } from "./refused-calls.ts";

/**
 * Writes the line of each call. Refused calls are cheap for the client and can come in floods, so they share lines.
 */
export class CallLines implements Interceptor {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #refused: RefusedCalls;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#refused = new RefusedCalls(clock, log);
  }

  observe(call: ObservedCall): (end: CallEnd) => void {
    const { operation, system, fields } = call;
    Object.assign(fields, headerFields(call));
    const startedAt = this.#clock.now();
    return ({ code, error, cause }) =>
      this.#write({
        method: operation.name,
        system,
        code,
        ...(error !== undefined && failureFields(cause)),
        duration_ms: Math.round(this.#clock.now() - startedAt),
        ...fields,
      });
  }

  /** Writes the line of a call that a listener refused before it reached a handler. */
  refused(line: LineFields<"call">): void {
    this.#refused.write(line);
  }

  /** Writes the counts that are still pending. No further calls may follow. */
  close(): void {
    this.#refused.flush();
  }

  #write(line: LineFields<"call">): void {
    const isRefused = line.error !== undefined && line.generation_id === undefined;
    if (isRefused && line.error !== "cancelled") this.#refused.write(line);
    else this.#log({ event: "call", ...line });
  }
}
