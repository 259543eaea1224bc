// Names of the keys and channels of streams in Redis; the Lua files of this folder have the same.
import { TAG } from "../../store/redis/keys.ts";

export function headKey(streamId: string): string {
  return `${TAG}:s:${streamId}:h`;
}

export function channelOf(streamId: string): string {
  return `${TAG}:s:${streamId}:ch`;
}

/** The length keeps (caller, id) pairs apart whatever they contain. */
export function idempotencyKey(caller: string, requestId: string): string {
  return requestId === "" ? "" : `${TAG}:key:${requestId.length}:${requestId}:${caller}`;
}
