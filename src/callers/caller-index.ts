// All stored callers, groups and keys in the memory of this process.
import type { CallerProfile } from "../ports/caller-directory.ts";
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

/** A key as each call with it needs it: a look-up of its caller among a hundred thousand waits for memory. */
export interface IndexedKey extends StoredKey {
  /** The minute since the epoch in which this replica saw it last; 0: never. */
  minute: number;
  /** Of its caller; undefined: nobody is stored under the caller's name. */
  profile: CallerProfile | undefined;
}

const NO_KEYS: readonly IndexedKey[] = [];

export class CallerIndex {
  readonly callers = new Map<string, StoredCaller>();
  readonly groups = new Map<string, StoredGroup>();
  /** By prefix. */
  readonly keys = new Map<string, IndexedKey>();
  /** Most callers have one key, which then stands without a list: a list costs as much as the key. */
  readonly #keysOf = new Map<string, IndexedKey | readonly IndexedKey[]>();
  /** Keys without an end of callers with the role operator, as far as they were counted; undefined: count again. */
  #lastingOperators: number | undefined = 0;
  /** How far the index has followed the feed. */
  position: FeedPosition = { feed: "", version: 0 };

  /** The oldest first. */
  keysOf(caller: string): readonly IndexedKey[] {
    const keys = this.#keysOf.get(caller);
    if (keys === undefined) return NO_KEYS;
    return "prefix" in keys ? [keys] : keys;
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
        this.#setCaller(name.id, isDeleted ? undefined : readCaller(record));
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

  #setCaller(id: string, caller: StoredCaller | undefined): void {
    if (caller === undefined) this.callers.delete(id);
    else this.callers.set(id, caller);
    for (const key of this.keysOf(id)) key.profile = caller?.profile;
  }

  #addKey({ prefix, sha256, createdAt, expiresAt, caller: id }: StoredKey): void {
    // One copy of each identifier: a hundred thousand of them are megabytes.
    const profile = this.callers.get(id)?.profile;
    const caller = profile?.id ?? id;
    const key: IndexedKey = { prefix, caller, sha256, createdAt, expiresAt, minute: 0, profile };
    this.keys.set(prefix, key);
    this.#put(caller, [...this.keysOf(caller), key]);
  }

  #put(caller: string, keys: readonly IndexedKey[]): void {
    const [first] = keys;
    if (first === undefined) this.#keysOf.delete(caller);
    else this.#keysOf.set(caller, keys.length === 1 ? first : keys);
  }

  #removeKey(prefix: string): void {
    const key = this.keys.get(prefix);
    if (key === undefined) return;
    this.keys.delete(prefix);
    this.#put(
      key.caller,
      this.keysOf(key.caller).filter((each) => each !== key),
    );
  }
}
