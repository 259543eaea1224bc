import type { LineFields } from "../domain/log-line.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Call } from "./call.ts";
import type { CallFields } from "./call-fields.ts";

/** A `generation` line without the fields that its call adds. */
export type GenerationLine = Omit<LineFields<"generation">, "caller">;

/** The view of a call for its handler: the caller is known and the request is valid. */
export interface HandlerCall
  extends Pick<
    Call,
    "caller" | "signal" | "timeoutMs" | "header" | "setResponseHeader" | "setTrailer"
  > {
  readonly telemetry: CallTelemetry;
  /** Adds fields to the call's log line: identifiers, counts and durations, never content. */
  log(fields: CallFields): void;
  /** Called when the generation that this call began has ended. Writes its line if the call ended earlier. */
  generationEnded(line: () => GenerationLine): void;
}
