import type { CallerLimits } from "../domain/caller-limits.ts";
import { callerLimits } from "./caller-limits.ts";
import { oneOf, restricted, size, text } from "./readers.ts";
import { object } from "./sections.ts";

const LEAST_BYTES = 64 * 1024;
/** Half of the longest text that the runtime supports. */
const MOST_BYTES = 256 * 1024 * 1024;

const isAllowed = (bytes: number): boolean => bytes >= LEAST_BYTES && bytes <= MOST_BYTES;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The section `limits` of the file. */
export const limitFields = object({
  request_bytes: restricted(size, isAllowed, "must be from 64KiB to 256MiB"),
  defaults: callerLimits,
  without_store: oneOf("local", "refuse"),
  time_zone: restricted(
    text,
    isTimeZone,
    "must be an IANA time zone, such as Europe/Berlin or UTC",
  ),
});

export interface LimitSettings {
  /** Most bytes of a request that carries a conversation, inflated. */
  readonly requestBytes: number;
  /** Limits of callers without limits of their own; undefined: none. */
  readonly defaults: CallerLimits | undefined;
  /** The counting of calls while the store is away: each replica counts its share, or the calls are refused. */
  readonly withoutStore: "local" | "refuse";
  /** IANA name of the time zone in which days and months of spend limits begin. */
  readonly timeZone: string;
}

const DEFAULTS: LimitSettings = {
  requestBytes: 32 * 1024 * 1024,
  defaults: undefined,
  withoutStore: "local",
  timeZone: "UTC",
};

/** The section `limits` with the defaults for keys that are not given. */
export function limitSettings(given: ReturnType<typeof limitFields> = {}): LimitSettings {
  return { ...DEFAULTS, ...given };
}
