// Names of keys and channels in Redis; `redis/*.lua` has the same.

/**
 * The hash tag of every name. One step moves a stream between indexes, sets and its record, so that
 * all of them have to be at one node of a cluster, and one tag means one slot.
 */
const TAG = "{steer}";

/**
 * No key ever has this name. It is a key of every call, since a node whose slot is being moved away
 * refuses a call with a key that it does not have: before the first step, and not amid the steps.
 */
export const ABSENT_KEY = `${TAG}:none`;

/** What every replica hears. */
export const CONTROL_CHANNEL = `${TAG}:ctl`;

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
