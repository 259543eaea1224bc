import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import type { StreamEvent } from "./frame-reader.ts";
import { protocolError } from "./http-error.ts";

/** Reads one answer of one dialect: appends to `events`, and throws errors inside the answer. */
export interface AnswerReader {
  readonly events: ProviderEvent[];
  /** Reads one event of a stream; true at the end marker: nothing after it is read. */
  readEvent(event: StreamEvent): boolean;
  /** Whether the vendor has given the finish reason, so that only counts and the end marker can follow. */
  isWhole(): boolean;
  /** Called if the input ended without the end marker. Ends a complete answer, throws otherwise. */
  readEnd(): void;
  /** Reads the answer of a call without a stream. `text`: the text that `body` was parsed from. */
  readBody(body: JsonObject, text: string): void;
}

/** Unwraps an error from a list. Google's APIs put errors into a list, even with HTTP 200. */
export function withoutList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const first: unknown = value[0];
  return isJsonObject(first) && first.error !== undefined ? first : value;
}

/** The JSON object of one stream event. */
export function parseEvent(data: string): JsonObject {
  let value: unknown;
  try {
    value = withoutList(JSON.parse(data));
  } catch {
    throw protocolError("an event of the provider's answer is not JSON");
  }
  if (!isJsonObject(value)) throw protocolError("an event of the provider's answer is no object");
  return value;
}
