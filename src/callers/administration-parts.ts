import type { Clock } from "../clock.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { CallerFeed } from "./caller-feed.ts";
import type { CallerIndex } from "./caller-index.ts";
import type { CallerRegistry } from "./caller-registry.ts";
import type { CallerStore } from "./caller-store.ts";
import type { CallerWriter } from "./caller-writer.ts";
import type { ConfiguredCallers } from "./configured-callers.ts";

/** What the calls of operators work on. */
export interface AdministrationParts {
  readonly clock: Clock;
  readonly store: CallerStore;
  readonly registry: CallerRegistry;
  readonly feed: CallerFeed;
  readonly writer: CallerWriter;
  readonly known: ConfiguredCallers;
  /** Secure random bytes. */
  readonly randomBytes: (size: number) => Uint8Array;
  /** Without any caller, calls without a key come from an operator if they are of this machine. */
  readonly isLocalOperator: () => boolean;
}

/** What a caller or group in the memory of the process is worth. */
export function durabilityWarnings({ store }: Pick<AdministrationParts, "store">): string[] {
  if (store.capabilities.durability !== "process") return [];
  return [
    "the store is the memory of this process: callers, groups and keys that are made here are gone when the " +
      "process ends; set stream.store to keep them",
  ];
}

/** Only these fields are those of `next`. */
export function withFields<T extends object>(
  before: T,
  next: T,
  fields: readonly (keyof T & string)[],
): T {
  const isTaken = (name: string): boolean => (fields as readonly string[]).includes(name);
  const kept = Object.entries(before).filter(([name]) => !isTaken(name));
  const taken = Object.entries(next).filter(([name]) => isTaken(name));
  return Object.fromEntries([...kept, ...taken]) as T;
}

/** A view of what is certainly there. */
export function present<T>(view: T | undefined): T {
  if (view === undefined) throw new Error("a record that was written is not there");
  return view;
}

/** An answer of the store. Rejects with UNAVAILABLE without the store. */
export async function fromStore<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
  }
}

/** All callers as the store has them now. Rejects with UNAVAILABLE without the store. */
export async function latest({ feed, registry }: AdministrationParts): Promise<CallerIndex> {
  await fromStore(feed.refresh());
  return registry.index;
}
