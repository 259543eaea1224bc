import type { Clock } from "../../clock.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const RANDOM_LENGTH = 24;

/**
 * Identifiers for calls that came without one: at most 40 characters of `[a-zA-Z0-9_]`, which every
 * vendor takes. Random, since a conversation holds the calls of several answers, and the identifiers
 * of answers repeat at some servers.
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

/** Longest identifier, in characters, that comes back with the next request: the contract has the bound. */
const MAX_LENGTH = 256;

/** An identifier that can come back; "" in place of one that cannot. */
export function usableId(id: string): string {
  return id.length > MAX_LENGTH ? "" : id;
}
