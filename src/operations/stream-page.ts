// Page token of a list of streams: the position, and a hash of the filter.
import { createHash } from "node:crypto";
import { invalidField } from "../domain/gateway-error.ts";
import type { StreamFilter } from "../domain/stream-states.ts";

/** The last stream that the previous page examined. */
export interface PagePosition {
  readonly createdAt: number;
  readonly streamId: string;
}

const HASH_DIGITS = 16;

function hashOf({ phases, provider, caller, olderThanMs }: StreamFilter): string {
  const text = JSON.stringify([[...phases].sort(), provider, caller, olderThanMs]);
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);
}

export function encodePageToken(filter: StreamFilter, position: PagePosition): string {
  const text = `${hashOf(filter)} ${position.createdAt} ${position.streamId}`;
  return Buffer.from(text).toString("base64url");
}

/** Undefined for the first page. Throws INVALID_ARGUMENT. */
export function decodePageToken(filter: StreamFilter, token: string): PagePosition | undefined {
  if (token === "") return undefined;
  const text = Buffer.from(token, "base64url").toString();
  const [, hash, createdAt, streamId] =
    /^([0-9a-f]{16}) (\d{1,16}(?:\.\d+)?) (\S+)$/.exec(text) ?? [];
  if (createdAt === undefined || streamId === undefined) {
    throw invalidField("page_token", "not a token of this list; start again without one");
  }
  if (hash !== hashOf(filter)) {
    throw invalidField(
      "page_token",
      "belongs to a list with another filter; start again without a token",
    );
  }
  return { createdAt: Number(createdAt), streamId };
}
