import type { MemoryEngine } from "../../store/memory/engine.ts";
import {
  type CallerStore,
  type FeedRecord,
  FORGET_LIMIT,
  type RecordChange,
  TOMBSTONE_MS,
} from "../caller-store.ts";

/** Callers in the memory of this process: they are gone with it. */
export function createMemoryCallerStore(engine: MemoryEngine): CallerStore {
  /** By name, the latest version last. */
  const records = new Map<string, FeedRecord>();
  /** Names of deleted records, with the time of their end, the oldest first. */
  const tombstones = new Map<string, number>();
  const uses = new Map<string, number>();
  let feed = "";
  let version = 0;
  let forgotten = 0;

  function forget(): void {
    const due = engine.time() - TOMBSTONE_MS;
    let left = FORGET_LIMIT;
    for (const [name, deletedAt] of tombstones) {
      if (deletedAt > due || left-- === 0) return;
      forgotten = Math.max(forgotten, records.get(name)?.version ?? 0);
      records.delete(name);
      tombstones.delete(name);
    }
  }

  function apply({ name, value }: RecordChange): void {
    version++;
    records.delete(name);
    records.set(name, { name, version, value });
    tombstones.delete(name);
    if (value === undefined) tombstones.set(name, engine.time());
  }

  return {
    capabilities: engine.capabilities,
    async changes(after, limit) {
      const found: FeedRecord[] = [];
      if (after < version) {
        for (const record of records.values()) {
          if (found.length === limit) break;
          if (record.version > after) found.push(record);
        }
      }
      return { feed, version, forgotten, records: found };
    },
    async write(changes, expected, newFeed) {
      if (expected.version !== version || expected.feed !== feed) return false;
      if (feed === "") feed = newFeed;
      forget();
      for (const change of changes) apply(change);
      return true;
    },
    async noteUses(noted) {
      for (const { prefix, usedAt } of noted) {
        uses.set(prefix, Math.max(uses.get(prefix) ?? 0, usedAt));
      }
    },
    async lastUses(prefixes) {
      return prefixes.map((prefix) => uses.get(prefix));
    },
    async forgetUses(prefixes) {
      for (const prefix of prefixes) uses.delete(prefix);
    },
  };
}
