// Replicas' views of one caller store, in one process.
import { randomBytes } from "node:crypto";
import { createCallerAdministration } from "../../src/callers/caller-administration.ts";
import { CallerFeed } from "../../src/callers/caller-feed.ts";
import { CallerRegistry } from "../../src/callers/caller-registry.ts";
import type { CallerStore } from "../../src/callers/caller-store.ts";
import { CallerWriter } from "../../src/callers/caller-writer.ts";
import { ConfiguredCallers } from "../../src/callers/configured-callers.ts";
import { KeyUses } from "../../src/callers/key-uses.ts";
import { createMemoryCallerStore } from "../../src/callers/memory/caller-store.ts";
import type { Revoked } from "../../src/callers/revoked.ts";
import type { Clock } from "../../src/clock.ts";
import type { CallerGroup, CallerProfile } from "../../src/ports/caller-directory.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";

/** A caller store that replicas share, which can be away. */
export interface SharedCallerStore extends CallerStore {
  isAway: boolean;
  /** Reads of the feed so far. */
  readonly reads: number;
  /** Everything is lost, as by a Redis that was emptied. */
  empty(): void;
}

export function sharedCallerStore(clock: Clock): SharedCallerStore {
  let store = createMemoryCallerStore(new MemoryEngine(clock));
  let reads = 0;
  const shared: SharedCallerStore = {
    capabilities: { type: "redis", isShared: true, durability: "cluster" },
    isAway: false,
    get reads() {
      return reads;
    },
    empty() {
      store = createMemoryCallerStore(new MemoryEngine(clock));
    },
    async changes(after, limit) {
      reads++;
      check();
      return store.changes(after, limit);
    },
    async write(changes, expected, newFeed) {
      check();
      return store.write(changes, expected, newFeed);
    },
    async noteUses(uses) {
      check();
      await store.noteUses(uses);
    },
    async lastUses(prefixes) {
      check();
      return store.lastUses(prefixes);
    },
    async forgetUses(prefixes) {
      check();
      await store.forgetUses(prefixes);
    },
  };
  function check(): void {
    if (shared.isAway) throw new StoreUnavailable("not-applied", "away");
  }
  return shared;
}

export interface FollowedOptions {
  readonly clock: Clock;
  readonly store: CallerStore;
  readonly configured?: {
    readonly callers?: readonly CallerProfile[];
    readonly groups?: readonly CallerGroup[];
  };
}

const STALE_FOR_MS = 300_000;
let feeds = 0;

/** One replica. */
export function followedCallers({ clock, store, configured = {} }: FollowedOptions) {
  const lists = { callers: configured.callers ?? [], groups: configured.groups ?? [] };
  const known = new ConfiguredCallers(() => lists);
  const uses = new KeyUses();
  const isConfigured = (id: string): boolean => known.callers.has(id);
  const registry = new CallerRegistry({
    clock,
    staleForMs: () => STALE_FOR_MS,
    isConfigured,
    uses,
  });
  const revoked: Revoked[] = [];
  const holders: string[] = [];
  const defects: unknown[] = [];
  const feed = new CallerFeed({
    store,
    registry,
    uses,
    clock,
    onRevoked: (each) => revoked.push(each),
    onHolders: () => holders.push(registry.holders),
    onDefect: (error) => defects.push(error),
  });
  const newId = (): string => `feed-${++feeds}`;
  const writer = new CallerWriter({ store, registry, feed, newId, tellOthers: async () => {} });
  const administration = createCallerAdministration({
    clock,
    store,
    registry,
    feed,
    writer,
    known,
    randomBytes,
    isLocalOperator: () => lists.callers.length === 0,
  });
  return { registry, feed, administration, revoked, holders, defects };
}
