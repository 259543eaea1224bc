import type { SqliteEngine } from "../../store/sqlite/engine.ts";
import type { CallerStore } from "../caller-store.ts";
import type { CallerCalls } from "./caller-calls.ts";

/** Callers in a SQLite file; `thread.ts` is the other half. */
export function createSqliteCallerStore(engine: SqliteEngine): CallerStore {
  const link = engine.tenant<CallerCalls>(new URL("./thread.ts", import.meta.url));
  return {
    capabilities: engine.capabilities,
    changes: (after, limit) => link.call("changes", after, limit),
    write: (changes, expected, newFeed) => link.call("write", changes, expected, newFeed),
    noteUses: (uses) => link.call("noteUses", uses),
    lastUses: (prefixes) => link.call("lastUses", prefixes),
    forgetUses: (prefixes) => link.call("forgetUses", prefixes),
  };
}
