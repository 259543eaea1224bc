// All stored callers, groups and keys in the memory of this process.
import {
  parseName,
  readCaller,
  readGroup,
  readKey,
  type StoredCaller,
  type StoredGroup,
  type StoredKey,
} from "./caller-records.ts";
import type { FeedPosition, FeedRecord } from "./caller-store.ts";

const NO_KEYS: readonly StoredKey[] = [];

export class CallerIndex {
  readonly callers = new Map<string, StoredCaller>();
  readonly groups = new Map<string, StoredGroup>();
  /** By prefix. */
  readonly keys = new Map<string, StoredKey>();
  /** Looked up by hash: the time reveals nothing of a key, because nobody can choose the hash of a key. */
  readonly #byHash = new Map<string, StoredKey>();
  readonly #keysOf = new Map<string, readonly StoredKey[]>();
  /** Keys without an end of callers with the role operator, as far as they were counted; undefined: count again. */
  #lastingOperators: number | undefined = 0;
  /** How far the index has followed the feed. */
  position: FeedPosition = { feed: "", version: 0 };

  byHash(sha256: string): StoredKey | undefined {
    return this.#byHash.get(sha256);
  }

  /** The oldest first. */
  keysOf(caller: string): readonly StoredKey[] {
    return this.#keysOf.get(caller) ?? NO_KEYS;
  }

  /** Whether calls with a key of this caller go on for ever: an operator without one can lock himself out. */
  hasLastingKey(caller: string): boolean {
    return this.keysOf(caller).some(({ expiresAt }) => expiresAt === undefined);
  }

  /** Callers with the role operator and a key without an end. */
  get lastingOperators(): number {
    if (this.#lastingOperators === undefined) {
      let count = 0;
      for (const { profile } of this.callers.values()) {
        if (profile.role === "operator" && this.hasLastingKey(profile.id)) count++;
      }
      this.#lastingOperators = count;
    }
    return this.#lastingOperators;
  }

  apply(record: FeedRecord): void {
    const name = parseName(record.name);
    if (name === undefined) return;
    const isDeleted = record.value === undefined;
    this.#lastingOperators = undefined;
    switch (name.kind) {
      case "caller":
        if (isDeleted) this.callers.delete(name.id);
        else this.callers.set(name.id, readCaller(record));
        return;
      case "group":
        if (isDeleted) this.groups.delete(name.id);
        else this.groups.set(name.id, readGroup(record));
        return;
      case "key":
        this.#removeKey(name.id);
        if (!isDeleted) this.#addKey(readKey(record, name.id));
    }
  }

  #addKey(key: StoredKey): void {
    this.keys.set(key.prefix, key);
    this.#byHash.set(key.sha256, key);
    this.#keysOf.set(key.caller, [...this.keysOf(key.caller), key]);
  }

  #removeKey(prefix: string): void {
    const key = this.keys.get(prefix);
    if (key === undefined) return;
    this.keys.delete(prefix);
    this.#byHash.delete(key.sha256);
    const left = this.keysOf(key.caller).filter((each) => each !== key);
    if (left.length === 0) this.#keysOf.delete(key.caller);
    else this.#keysOf.set(key.caller, left);
  }
}
