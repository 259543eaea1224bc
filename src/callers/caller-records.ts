// What the records of the feed say: callers, groups and keys, as JSON.
import type { CallerGroup, CallerProfile } from "../ports/caller-directory.ts";
import type { FeedRecord, RecordChange } from "./caller-store.ts";

/** Times in milliseconds since the epoch. */
export interface Dates {
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface StoredCaller extends Dates {
  readonly profile: CallerProfile;
}

export interface StoredGroup extends Dates {
  readonly group: CallerGroup;
}

export interface StoredKey {
  /** The first characters of the key, which name it. */
  readonly prefix: string;
  readonly caller: string;
  /** SHA-256 of the whole key, 64 hex digits in lower case. */
  readonly sha256: string;
  readonly createdAt: number;
  /** Undefined: the key has no end. */
  readonly expiresAt: number | undefined;
}

export type RecordKind = "caller" | "group" | "key";

export interface RecordName {
  readonly kind: RecordKind;
  readonly id: string;
}

const KINDS: ReadonlySet<string> = new Set<RecordKind>(["caller", "group", "key"]);

/** Undefined for a kind that this version does not know: replicas are upgraded one by one. */
export function parseName(name: string): RecordName | undefined {
  const at = name.indexOf(":");
  const kind = name.slice(0, at);
  return KINDS.has(kind) ? { kind: kind as RecordKind, id: name.slice(at + 1) } : undefined;
}

export function callerChange({ profile, createdAt, updatedAt }: StoredCaller): RecordChange {
  const value = JSON.stringify({ ...profile, createdAt, updatedAt });
  return { name: `caller:${profile.id}`, value };
}

export function groupChange({ group, createdAt, updatedAt }: StoredGroup): RecordChange {
  const value = JSON.stringify({ ...group, createdAt, updatedAt });
  return { name: `group:${group.id}`, value };
}

export function keyChange({ prefix, ...rest }: StoredKey): RecordChange {
  return { name: `key:${prefix}`, value: JSON.stringify(rest) };
}

export function deletion(kind: RecordKind, id: string): RecordChange {
  return { name: `${kind}:${id}`, value: undefined };
}

/** Only this program writes records, so that their form is known. */
export function readCaller({ value = "" }: FeedRecord): StoredCaller {
  const { createdAt, updatedAt, ...profile } = JSON.parse(value) as CallerProfile & Dates;
  return { profile, createdAt, updatedAt };
}

export function readGroup({ value = "" }: FeedRecord): StoredGroup {
  const { createdAt, updatedAt, ...group } = JSON.parse(value) as CallerGroup & Dates;
  return { group, createdAt, updatedAt };
}

export function readKey({ value = "" }: FeedRecord, prefix: string): StoredKey {
  const { caller, sha256, createdAt, expiresAt } = JSON.parse(value) as Omit<StoredKey, "prefix">;
  return { prefix, caller, sha256, createdAt, expiresAt };
}
