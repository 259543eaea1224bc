// Every store of the ledger, for the suites that run over all of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { BOUNDS, type LedgerBounds, type LedgerStore } from "../../src/ledger/ledger-store.ts";
import { createMemoryLedgerStore } from "../../src/ledger/memory/ledger-store.ts";
import { createRedisLedgerStore } from "../../src/ledger/redis/ledger-store.ts";
import { createSqliteLedgerStore } from "../../src/ledger/sqlite/ledger-store.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { RedisEngine } from "../../src/store/redis/engine.ts";
import type { Sessions } from "../../src/store/sessions.ts";
import { SqliteEngine } from "../../src/store/sqlite/engine.ts";
import { createRedisStreamStore } from "../../src/streams/redis/stream-store.ts";
import { createSqliteStreamStore } from "../../src/streams/sqlite/stream-store.ts";
import { isUp, type RedisServer, startRedis } from "./redis.ts";
import { eventually } from "./stack.ts";

/** A fresh and empty ledger, and the sessions of its engine. */
export interface OpenLedger {
  readonly ledger: LedgerStore;
  readonly sessions: Sessions;
  close(): Promise<void>;
}

export interface LedgerUnderTest {
  readonly name: string;
  open(bounds?: Partial<LedgerBounds>): Promise<OpenLedger>;
}

const memory: LedgerUnderTest = {
  name: "memory",
  async open(bounds) {
    const engine = new MemoryEngine(systemClock);
    const ledger = createMemoryLedgerStore(engine, { ...BOUNDS, ...bounds });
    return { ledger, sessions: engine.sessions.calls, close: () => engine.close() };
  },
};

const sqlite: LedgerUnderTest = {
  name: "sqlite",
  async open(bounds) {
    const folder = mkdtempSync(join(tmpdir(), "steer-ledger-"));
    const path = join(folder, "steer.db");
    const engine = new SqliteEngine({ clock: systemClock, path, maxBytes: undefined });
    // The first tenant, as in the service.
    createSqliteStreamStore(engine);
    const ledger = createSqliteLedgerStore(engine, { ...BOUNDS, ...bounds });
    await engine.open();
    return {
      ledger,
      sessions: engine.sessions.calls,
      async close() {
        await engine.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

let server: Promise<RedisServer> | undefined;

afterAll(async () => {
  const ending = server;
  server = undefined;
  await (await ending)?.[Symbol.asyncDispose]();
});

/** One server for all tests of a file, emptied before each. */
async function emptyRedis(): Promise<RedisServer> {
  server ??= startRedis();
  const redis = await server;
  await redis.command("FLUSHALL");
  return redis;
}

const redis: LedgerUnderTest = {
  name: "redis",
  async open(bounds) {
    const { url } = await emptyRedis();
    const engine = new RedisEngine({ url, clock: systemClock });
    const sessions = createRedisStreamStore(engine);
    const ledger = createRedisLedgerStore(engine, { ...BOUNDS, ...bounds });
    await eventually(() => isUp(sessions));
    return { ledger, sessions, close: () => engine.close() };
  },
};

export const ledgers: readonly LedgerUnderTest[] = [memory, sqlite, redis];
