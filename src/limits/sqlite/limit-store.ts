import type { SqliteEngine } from "../../store/sqlite/engine.ts";
import type { LimitStore } from "../limit-store.ts";
import type { LimitCalls } from "./limit-calls.ts";

/** Counters of limits in a SQLite file; `thread.ts` is the other half. */
export function createSqliteLimitStore(engine: SqliteEngine): LimitStore {
  const link = engine.tenant<LimitCalls>(new URL("./thread.ts", import.meta.url));
  return {
    reserve: (reservation) => link.call("reserve", reservation),
    extend: (generationId, rules) => link.call("extend", generationId, rules),
    settle: (settlements) => link.call("settle", settlements),
    move: (generationId, session) => link.call("move", generationId, session),
    async reap(limit) {
      const lost = await link.call("reap", limit);
      return { lost, replicas: engine.sessions.living.size };
    },
  };
}
