// Names of the keys and channels of streams in Redis. The Lua files of this folder use the same names.
import { TAG } from "../../store/redis/keys.ts";

export function headKey(streamId: string): string {
  return `${TAG}:s:${streamId}:h`;
}

export function channelOf(streamId: string): string {
  return `${TAG}:s:${streamId}:ch`;
}

/** The length separates pairs of caller and ID, whatever characters they contain. */
export function idempotencyKey(caller: string, requestId: string): string {
  return requestId === "" ? "" : `${TAG}:key:${requestId.length}:${requestId}:${caller}`;
}
