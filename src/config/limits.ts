import type { CallerLimits } from "../domain/caller-limits.ts";
import { callerLimits } from "./caller-limits.ts";
import { oneOf, restricted, size } from "./readers.ts";
import { object } from "./sections.ts";

const LEAST_BYTES = 64 * 1024;
/** Half of the longest text that the runtime supports. */
const MOST_BYTES = 256 * 1024 * 1024;

const isAllowed = (bytes: number): boolean => bytes >= LEAST_BYTES && bytes <= MOST_BYTES;

/** The section `limits` of the file. */
export const limitFields = object({
  request_bytes: restricted(size, isAllowed, "must be from 64KiB to 256MiB"),
  defaults: callerLimits,
  without_store: oneOf("local", "refuse"),
});

export interface LimitSettings {
  /** Most bytes of a request that carries a conversation, inflated. */
  readonly requestBytes: number;
  /** Limits of callers without limits of their own; undefined: none. */
  readonly defaults: CallerLimits | undefined;
  /** The counting of calls while the store is away: each replica counts its share, or the calls are refused. */
  readonly withoutStore: "local" | "refuse";
}

const DEFAULTS: LimitSettings = {
  requestBytes: 32 * 1024 * 1024,
  defaults: undefined,
  withoutStore: "local",
};

/** The section `limits` with the defaults for keys that are not given. */
export function limitSettings(given: ReturnType<typeof limitFields> = {}): LimitSettings {
  return { ...DEFAULTS, ...given };
}
