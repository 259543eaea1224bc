// A second tenant of a SQLite file, for tests of the engine: a count for each name.
import type { Handlers, ThreadTenant } from "../../src/store/sqlite/thread-tenant.ts";

export interface CounterCalls {
  /** Adds one, and answers the count. Fails for the name "bad", once it has counted. */
  count(name: string): number;
}

export const tenant: ThreadTenant = {
  schema: {
    tenant: "counters",
    create: "CREATE TABLE counter (name TEXT PRIMARY KEY, count INTEGER NOT NULL)",
    upgrades: [],
  },
  writes: ["count"],
  serve({ db }): Handlers<CounterCalls> {
    const add = db.prepare(
      `INSERT INTO counter (name, count) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count`,
    );
    return {
      count(_moment, name) {
        const count = Number(add.get(name)?.["count"]);
        if (name === "bad") throw new Error("a bad name");
        return count;
      },
    };
  },
};
