import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import type { StreamEvent } from "./frame-reader.ts";
import { protocolError } from "./http-error.ts";

/** Understands one answer of one dialect. It writes to `events` and throws what an error inside the answer says. */
export interface AnswerReader {
  readonly events: ProviderEvent[];
  /** One event of a stream; true once the end marker was seen: nothing after it is read. */
  readEvent(event: StreamEvent): boolean;
  /** The vendor has said how the output ended: only counts and the end marker can follow. */
  isWhole(): boolean;
  /** The input has ended without the end marker: writes the end of a whole answer, else throws. */
  readEnd(): void;
  /** The answer of a call that does not stream, and the text that it was read from. */
  readBody(body: JsonObject, text: string): void;
}

/** Google's APIs put an error into a list, in answers of HTTP 200 too. */
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
