import type { CallerIndex } from "./caller-index.ts";

/** Who may call no longer. */
export interface Revoked {
  /** Callers that are deleted, or have lost their last key. */
  readonly callers: readonly string[];
  /** Prefixes of keys that are deleted. */
  readonly keys: readonly string[];
}

/** Callers and keys that were there before a change, as far as the change can concern them. */
export interface Before {
  readonly callers: Iterable<string>;
  /** Prefixes, with the caller of each. */
  readonly keys: Iterable<readonly [prefix: string, caller: string]>;
}

/** What of `before` is not there any more. */
export function revokedSince(before: Before, now: CallerIndex): Revoked {
  const callers = new Set<string>();
  const keys: string[] = [];
  for (const id of before.callers) if (!now.callers.has(id)) callers.add(id);
  for (const [prefix, caller] of before.keys) {
    if (now.keys.has(prefix)) continue;
    keys.push(prefix);
    if (now.keysOf(caller).length === 0) callers.add(caller);
  }
  return { callers: [...callers], keys };
}
