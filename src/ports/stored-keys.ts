// What a call's key says of its caller, for keys that were made at run time.
import type { Caller } from "../domain/caller.ts";

export type KeyAnswer =
  | { readonly state: "known"; readonly caller: Caller }
  /** The key had an end, which has passed. */
  | { readonly state: "expired" }
  /** No caller has this key. */
  | { readonly state: "unknown" }
  /** The store has been away for too long to say. */
  | { readonly state: "unavailable" };

/**
 * Who can have a key at run time. `callers`: some have, and no operator among them has one without an end;
 * `operators`: an operator has one.
 */
export type KeyHolders = "none" | "callers" | "operators";

export interface StoredKeys {
  readonly holders: KeyHolders;
  /**
   * By the key's prefix, and its SHA-256 as 64 hex digits in lower case. The time says at most whether there is a key
   * of this prefix, which is no secret. Asks no store.
   */
  find(prefix: string, keySha256: string): KeyAnswer;
}
