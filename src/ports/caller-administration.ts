// What operators do with callers, keys and groups.
import type { CallerGroup, CallerProfile } from "./caller-directory.ts";

/** Where something is kept, and since when. */
export type Kept =
  /** `isHiding`: the store has something of the same identifier, which has no effect. */
  | { readonly source: "configuration"; readonly isHiding: boolean }
  /** Times in milliseconds since the epoch. */
  | { readonly source: "store"; readonly createdAt: number; readonly updatedAt: number };

export interface CallerView {
  readonly profile: CallerProfile;
  readonly kept: Kept;
  /** Keys in the store. */
  readonly keyCount: number;
}

export interface GroupView {
  readonly group: CallerGroup;
  readonly kept: Kept;
}

/** A key without its secret part. Times in milliseconds since the epoch. */
export interface KeyView {
  /** The first characters of the key, which name it. */
  readonly prefix: string;
  readonly caller: string;
  readonly createdAt: number;
  /** To the minute; undefined: never. */
  readonly lastUsedAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly isExpired: boolean;
}

/** One page of a list that is ordered by identifier. */
export interface PageQuery {
  /** Identifier behind which the page begins; "" for the first page. */
  readonly after: string;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** For the next page; undefined: there is none. */
  readonly next: string | undefined;
}

export type CallerField = "role" | "group" | "models" | "providers" | "limits";
export type GroupField = Exclude<CallerField, "role" | "group">;

/** A change, with what an operator should know of it. */
export interface Made<T> {
  readonly made: T;
  readonly warnings: readonly string[];
}

export interface MadeKey {
  readonly key: KeyView;
  /** The whole key. It is kept nowhere. */
  readonly secret: string;
}

/** Each method rejects with `GatewayError`: NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, UNAVAILABLE. */
export interface CallerAdministration {
  callers(query: PageQuery & { readonly group: string }): Promise<Page<CallerView>>;
  caller(id: string): Promise<CallerView>;
  createCaller(profile: CallerProfile): Promise<Made<CallerView>>;
  updateCaller(
    profile: CallerProfile,
    fields: readonly CallerField[],
    isForced: boolean,
  ): Promise<CallerView>;
  /** The number of keys that went with the caller. */
  deleteCaller(id: string, isForced: boolean): Promise<number>;

  keys(caller: string): Promise<readonly KeyView[]>;
  /** `lifetimeMs` undefined: the key has no end. */
  createKey(caller: string, lifetimeMs: number | undefined): Promise<Made<MadeKey>>;
  revokeKey(
    prefix: string,
    isForced: boolean,
  ): Promise<{ readonly key: KeyView; readonly keysLeft: number }>;

  groups(query: PageQuery): Promise<Page<GroupView>>;
  group(id: string): Promise<GroupView>;
  createGroup(group: CallerGroup): Promise<Made<GroupView>>;
  updateGroup(group: CallerGroup, fields: readonly GroupField[]): Promise<GroupView>;
  deleteGroup(id: string): Promise<void>;
}
