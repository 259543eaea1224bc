import type { LineFields } from "../domain/log-line.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Call } from "./call.ts";
import type { CallFields } from "./call-fields.ts";

/** The line of a generation, without what its call knows. */
export type GenerationLine = Omit<LineFields<"generation">, "caller">;

/** What a handler knows of its call: the caller is known and the request has been validated. */
export interface HandlerCall
  extends Pick<
    Call,
    "caller" | "signal" | "timeoutMs" | "header" | "setResponseHeader" | "setTrailer"
  > {
  readonly telemetry: CallTelemetry;
  /** Adds fields to the call's log line: identifiers, counts and durations, never content. */
  log(fields: CallFields): void;
  /** What the call has begun has ended: the line is written if the call has ended before it. */
  generationEnded(line: () => GenerationLine): void;
}
