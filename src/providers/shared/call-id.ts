import type { Clock } from "../../clock.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const RANDOM_LENGTH = 24;

/**
 * Creates identifiers for calls that have none: at most 40 characters of `[a-zA-Z0-9_]`, which every vendor accepts.
 * They are random, because a conversation contains calls of several answers, and some servers repeat identifiers of
 * answers.
 */
export function createCallIds({ random }: Pick<Clock, "random">): () => string {
  let count = 0;
  return () => {
    let id = "call_";
    for (let length = 0; length < RANDOM_LENGTH; length++) {
      id += LETTERS[Math.floor(random() * LETTERS.length)];
    }
    return `${id}_${count++}`;
  };
}

/** Longest identifier in characters that the next request can contain: the contract's bound. */
const MAX_LENGTH = 256;

/** The identifiers of one answer's calls: all different, and short enough for the next request. */
export class CallIds {
  readonly #newId: () => string;
  readonly #taken = new Set<string>();

  /** `newId` creates identifiers of calls without a usable one. */
  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** The first of the provider's identifiers that can be used, otherwise a new one. */
  take(...own: readonly string[]): string {
    const isUsable = (id: string) => id !== "" && id.length <= MAX_LENGTH && !this.#taken.has(id);
    const id = own.find(isUsable) ?? this.#newId();
    this.#taken.add(id);
    return id;
  }
}
