// What has to hold of all callers together. Each function throws `GatewayError` where a change would break it.
import type { CallerProfile } from "../ports/caller-directory.ts";
import {
  configured,
  groupInUse,
  lastOperator,
  noCaller,
  noGroup,
  tooMany,
} from "./caller-errors.ts";
import type { CallerIndex } from "./caller-index.ts";
import type { StoredCaller, StoredGroup } from "./caller-records.ts";
import type { ConfiguredCallers } from "./configured-callers.ts";

export const MAX_CALLERS = 100_000;
export const MAX_GROUPS = 10_000;
export const MAX_KEYS = 100_000;
export const MAX_KEYS_OF_CALLER = 100;

export function checkRoom(size: number, most: number, what: string): void {
  if (size >= most) throw tooMany(what, most);
}

/** A stored caller that can be changed. */
export function changeable(index: CallerIndex, known: ConfiguredCallers, id: string): StoredCaller {
  if (known.callers.has(id)) throw configured("caller", id);
  const stored = index.callers.get(id);
  if (stored === undefined) throw noCaller(id, known.callers.keys(), index.callers.keys());
  return stored;
}

/** A stored group that can be changed. */
export function changeableGroup(
  index: CallerIndex,
  known: ConfiguredCallers,
  id: string,
): StoredGroup {
  if (known.groups.has(id)) throw configured("group", id);
  const stored = index.groups.get(id);
  if (stored === undefined) throw noGroup(id, known.groups.keys(), index.groups.keys());
  return stored;
}

export function checkGroup(
  index: CallerIndex,
  known: ConfiguredCallers,
  { group }: CallerProfile,
): void {
  if (group === undefined || known.groups.has(group) || index.groups.has(group)) return;
  throw noGroup(group, known.groups.keys(), index.groups.keys());
}

export function checkUnused(index: CallerIndex, known: ConfiguredCallers, group: string): void {
  const users: string[] = [];
  for (const { id, group: own } of known.callers.values()) if (own === group) users.push(id);
  for (const { profile } of index.callers.values()) {
    if (profile.group === group && !known.callers.has(profile.id)) users.push(profile.id);
  }
  if (users.length > 0) throw groupInUse(group, users);
}

function isLastingOperator(index: CallerIndex, id: string): boolean {
  return index.callers.get(id)?.profile.role === "operator" && index.hasLastingKey(id);
}

/** Operators that are left: those of the configuration, and stored ones with a key that has no end. */
function hasOtherOperator(index: CallerIndex, known: ConfiguredCallers, id: string): boolean {
  for (const { role } of known.callers.values()) if (role === "operator") return true;
  return index.lastingOperators > (isLastingOperator(index, id) ? 1 : 0);
}

/** The caller is about to lose the role operator, or the keys for it. */
export function checkLastOperator(index: CallerIndex, known: ConfiguredCallers, id: string): void {
  if (isLastingOperator(index, id) && !hasOtherOperator(index, known, id)) throw lastOperator(id);
}
