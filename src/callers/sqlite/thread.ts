import type { Handlers, ThreadFile, ThreadTenant } from "../../store/sqlite/thread-tenant.ts";
import { type FeedRecord, FORGET_LIMIT, TOMBSTONE_MS } from "../caller-store.ts";
import type { CallerCalls } from "./caller-calls.ts";
import { CALLER_SCHEMA } from "./schema.ts";

const WRITES: readonly (keyof CallerCalls)[] = ["write", "noteUses", "forgetUses"];

interface FeedRow {
  readonly feed: string;
  readonly version: number;
  readonly forgotten: number;
}

interface RecordRow {
  readonly name: string;
  readonly version: number;
  readonly value: string | null;
}

const NOTHING: FeedRow = { feed: "", version: 0, forgotten: 0 };

function recordOf({ name, version, value }: RecordRow): FeedRecord {
  return { name, version, value: value ?? undefined };
}

function createFeed(db: ThreadFile["db"]) {
  const select = db.prepare("SELECT feed, version, forgotten FROM callerFeed");
  const replace = db.prepare(
    "INSERT OR REPLACE INTO callerFeed (id, feed, version, forgotten) VALUES (1, ?, ?, ?)",
  );
  const above = db.prepare(
    "SELECT name, version, value FROM callerRecord WHERE version > ? ORDER BY version LIMIT ?",
  );
  const put = db.prepare(
    "INSERT OR REPLACE INTO callerRecord (name, version, value, deletedAt) VALUES (?, ?, ?, ?)",
  );
  const oldest = db.prepare(
    "SELECT name, version FROM callerRecord WHERE deletedAt <= ? ORDER BY deletedAt LIMIT ?",
  );
  const remove = db.prepare("DELETE FROM callerRecord WHERE name = ?");
  const state = (): FeedRow => (select.get() as unknown as FeedRow | undefined) ?? NOTHING;

  /** Removes old tombstones. The result is the latest version among them, or the one that was forgotten before. */
  function forget(now: number, before: number): number {
    const rows = oldest.all(now - TOMBSTONE_MS, FORGET_LIMIT) as unknown as readonly RecordRow[];
    for (const { name } of rows) remove.run(name);
    return Math.max(before, ...rows.map(({ version }) => version));
  }

  return { state, replace, above, put, forget };
}

function serve({ db }: ThreadFile): Handlers<CallerCalls> {
  const feed = createFeed(db);
  const noteUse = db.prepare(
    "INSERT INTO keyUse (prefix, usedAt) VALUES (?, ?) " +
      "ON CONFLICT (prefix) DO UPDATE SET usedAt = max(usedAt, excluded.usedAt)",
  );
  const lastUse = db.prepare("SELECT usedAt FROM keyUse WHERE prefix = ?");
  const forgetUse = db.prepare("DELETE FROM keyUse WHERE prefix = ?");
  return {
    changes(_moment, after, limit) {
      const rows = feed.above.all(after, limit) as unknown as readonly RecordRow[];
      return { ...feed.state(), records: rows.map(recordOf) };
    },
    write({ now }, changes, expected, newFeed) {
      const before = feed.state();
      if (expected.version !== before.version || expected.feed !== before.feed) return false;
      const forgotten = feed.forget(now, before.forgotten);
      let { version } = before;
      for (const { name, value } of changes) {
        version++;
        feed.put.run(name, version, value ?? null, value === undefined ? now : null);
      }
      feed.replace.run(before.feed === "" ? newFeed : before.feed, version, forgotten);
      return true;
    },
    noteUses(_moment, uses) {
      for (const { prefix, usedAt } of uses) noteUse.run(prefix, usedAt);
    },
    lastUses(_moment, prefixes) {
      return prefixes.map(
        (prefix) => (lastUse.get(prefix) as { readonly usedAt: number } | undefined)?.usedAt,
      );
    },
    forgetUses(_moment, prefixes) {
      for (const prefix of prefixes) forgetUse.run(prefix);
    },
  };
}

/** The callers' part in the thread of the file. */
export const tenant: ThreadTenant = { schema: CALLER_SCHEMA, writes: WRITES, serve };
