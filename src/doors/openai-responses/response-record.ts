// What a response is made by beside its events: the note of its stored request. With both, any replica gives any reader the
// same bytes.
import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { NewStreamFacts } from "../../ports/gateway.ts";

/**
 * Version of the encoder of this release. A change of what the encoder writes for the same events is another version, and
 * this release goes on writing the earlier ones.
 */
export const ENCODER_VERSION = 1;

/** A note is shorter. */
export const MAX_RECORD_BYTES = 1_024;

/** When output goes out: as it comes, or all of it at the end. */
export type Commit = "none" | "complete";

export interface ResponseRecord {
  readonly encoder: typeof ENCODER_VERSION;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** All identifiers of the response are made of it. */
  readonly seed: string;
  readonly commit: Commit;
  /** The first message of the request is `instructions`. */
  readonly hasInstructions: boolean;
}

/** The record of a stream by its first event: also of one that another API has begun, or an earlier release. */
export function recordOf(
  { streamId, createTimeMs }: NewStreamFacts,
  {
    commit = "none",
    hasInstructions = false,
  }: Partial<Pick<ResponseRecord, "commit" | "hasInstructions">> = {},
): ResponseRecord {
  return {
    encoder: ENCODER_VERSION,
    createdAt: Math.floor(createTimeMs / 1_000),
    seed: streamId.slice(streamId.indexOf(".") + 1),
    commit,
    hasInstructions,
  };
}

export function encodeRecord(record: ResponseRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}

function parse(note: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(note).toString("utf8"));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    value["encoder"] === ENCODER_VERSION &&
    Number.isSafeInteger(value["createdAt"]) &&
    typeof value["seed"] === "string" &&
    (value["commit"] === "none" || value["commit"] === "complete") &&
    typeof value["hasInstructions"] === "boolean"
  );
}

/** Throws UNAVAILABLE for a record that another release has written and this one cannot read. */
export function decodeRecord(note: Uint8Array): ResponseRecord {
  const record = parse(note);
  if (isRecord(record)) return record as ResponseRecord;
  const message = "the response is of another release: a replica of that release serves it";
  throw new GatewayError("gateway-overloaded", message, {
    reason: "ENCODER_UNKNOWN",
    retryAfterMs: 1_000,
  });
}
