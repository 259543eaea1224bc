import type { Clock } from "../clock.ts";
import type { CallerDirectory, CallerGroup, CallerProfile } from "../ports/caller-directory.ts";
import type { KeyAnswer, KeyHolders, StoredKeys } from "../ports/stored-keys.ts";
import { CallerIndex } from "./caller-index.ts";
import type { KeyUses } from "./key-uses.ts";

export interface CallerRegistryOptions {
  readonly clock: Clock;
  /** How long the last known callers hold while the store is away, in milliseconds. */
  readonly staleForMs: () => number;
  /** A caller of this identifier is in the configuration, which hides a stored one. */
  readonly isConfigured: (id: string) => boolean;
  readonly uses: KeyUses;
}

const UNKNOWN: KeyAnswer = Object.freeze({ state: "unknown" });
const EXPIRED: KeyAnswer = Object.freeze({ state: "expired" });
const UNAVAILABLE: KeyAnswer = Object.freeze({ state: "unavailable" });

/** Takes the same time for all hashes. */
function isSameHash(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < other.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

/** The stored callers as this replica knows them: everything in memory, so that no call waits for the store. */
export class CallerRegistry implements CallerDirectory, StoredKeys {
  readonly #options: CallerRegistryOptions;
  #index = new CallerIndex();
  /** When the store last confirmed the index, by the clock; undefined: never. */
  #confirmedAt: number | undefined;
  #onUnknownKey = (): void => {};

  constructor(options: CallerRegistryOptions) {
    this.#options = options;
  }

  get index(): CallerIndex {
    return this.#index;
  }

  /** The store has said, at this time of the clock, that this is all there is. */
  confirm(index: CallerIndex, at: number): void {
    this.#index = index;
    this.#confirmedAt = at;
  }

  /** `listener` is told of each key that nobody has. */
  onUnknownKey(listener: () => void): void {
    this.#onUnknownKey = listener;
  }

  get holders(): KeyHolders {
    if (this.#index.keys.size === 0) return "none";
    return this.#index.lastingOperators > 0 ? "operators" : "callers";
  }

  find(prefix: string, keySha256: string): KeyAnswer {
    const { clock, isConfigured, uses } = this.#options;
    if (this.#isStale) return UNAVAILABLE;
    const key = this.#index.keys.get(prefix);
    const isKey = key !== undefined && isSameHash(key.sha256, keySha256);
    if (!isKey || key.profile === undefined || isConfigured(key.caller)) {
      this.#onUnknownKey();
      return UNKNOWN;
    }
    const now = clock.wallTime();
    if (key.expiresAt !== undefined && key.expiresAt <= now) return EXPIRED;
    uses.note(key, now);
    const { id, role } = key.profile;
    return { state: "known", caller: { id, role, key: key.prefix } };
  }

  profile(id: string): CallerProfile | undefined {
    return this.#index.callers.get(id)?.profile;
  }

  group(id: string): CallerGroup | undefined {
    return this.#index.groups.get(id)?.group;
  }

  get #isStale(): boolean {
    const { clock, staleForMs } = this.#options;
    return this.#confirmedAt === undefined || clock.now() - this.#confirmedAt > staleForMs();
  }
}
