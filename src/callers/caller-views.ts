// Callers, groups and keys as operators see them.
import type {
  CallerView,
  GroupView,
  Kept,
  KeyView,
  Page,
  PageQuery,
} from "../ports/caller-administration.ts";
import type { CallerIndex } from "./caller-index.ts";
import type { Dates, StoredKey } from "./caller-records.ts";
import type { ConfiguredCallers } from "./configured-callers.ts";

function kept(isHiding: boolean, stored: Dates | undefined): Kept {
  if (stored === undefined) return { source: "configuration", isHiding };
  const { createdAt, updatedAt } = stored;
  return { source: "store", createdAt, updatedAt };
}

/** Undefined: there is none. Callers of the configuration go first. */
export function callerView(
  index: CallerIndex,
  known: ConfiguredCallers,
  id: string,
): CallerView | undefined {
  const stored = index.callers.get(id);
  const configured = known.callers.get(id);
  const profile = configured ?? stored?.profile;
  if (profile === undefined) return undefined;
  return {
    profile,
    kept: kept(stored !== undefined, configured === undefined ? stored : undefined),
    keyCount: configured === undefined ? index.keysOf(id).length : 0,
  };
}

/** The same of a group. */
export function groupView(
  index: CallerIndex,
  known: ConfiguredCallers,
  id: string,
): GroupView | undefined {
  const stored = index.groups.get(id);
  const configured = known.groups.get(id);
  const group = configured ?? stored?.group;
  if (group === undefined) return undefined;
  return { group, kept: kept(stored !== undefined, configured === undefined ? stored : undefined) };
}

/** `lastUsedAt`: by whatever replica. */
export function keyView(key: StoredKey, lastUsedAt: number | undefined, now: number): KeyView {
  const { prefix, caller, createdAt, expiresAt } = key;
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  return { prefix, caller, createdAt, lastUsedAt, expiresAt, isExpired };
}

function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** One page of these identifiers, in the order of their code units. */
export function pageOf<T>(
  ids: Iterable<string>,
  { after, limit }: PageQuery,
  view: (id: string) => T | undefined,
): Page<T> {
  const left = [...new Set(ids)].filter((id) => id > after).sort(byText);
  const items: T[] = [];
  let last = after;
  for (const id of left) {
    const item = view(id);
    if (item === undefined) continue;
    if (items.length === limit) return { items, next: last };
    items.push(item);
    last = id;
  }
  return { items, next: undefined };
}
