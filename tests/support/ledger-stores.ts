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
import { openStores, type Stores } from "../../src/open-stores.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { RedisEngine } from "../../src/store/redis/engine.ts";
import type { Sessions } from "../../src/store/sessions.ts";
import { SqliteEngine } from "../../src/store/sqlite/engine.ts";
import { createMemoryStreamStore } from "../../src/streams/memory/stream-store.ts";
import { createRedisStreamStore } from "../../src/streams/redis/stream-store.ts";
import { createSqliteStreamStore } from "../../src/streams/sqlite/stream-store.ts";
import { hostStores } from "./hosted-stores.ts";
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

async function endServers(): Promise<void> {
  const ending = server;
  server = undefined;
  await (await ending)?.[Symbol.asyncDispose]();
}

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

async function openHosted(inner: Stores): Promise<OpenLedger> {
  const host = await hostStores(inner, systemClock);
  const { ledger, streams } = await host.connect();
  return { ledger, sessions: streams, close: () => host.close() };
}

const hostedMemory: LedgerUnderTest = {
  name: "hosted memory",
  async open(bounds) {
    const engine = new MemoryEngine(systemClock);
    const ledger = createMemoryLedgerStore(engine, { ...BOUNDS, ...bounds });
    const others = await openStores({ type: "memory", maxBytes: 1024 * 1024 }, systemClock);
    const streams = createMemoryStreamStore(engine, 1024 * 1024);
    return openHosted({ ...others, engine, streams, ledger });
  },
};

const hostedSqlite: LedgerUnderTest = {
  name: "hosted sqlite",
  async open(bounds) {
    const folder = mkdtempSync(join(tmpdir(), "steer-ledger-"));
    const path = join(folder, "steer.db");
    const engine = new SqliteEngine({ clock: systemClock, path, maxBytes: undefined });
    const streams = createSqliteStreamStore(engine);
    const ledger = createSqliteLedgerStore(engine, { ...BOUNDS, ...bounds });
    await engine.open();
    const others = await openStores({ type: "memory", maxBytes: 1024 * 1024 }, systemClock);
    const hosted = await openHosted({ ...others, engine, streams, ledger });
    return {
      ...hosted,
      async close() {
        await hosted.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

const ledgers: readonly LedgerUnderTest[] = [memory, sqlite, redis, hostedMemory, hostedSqlite];

/** Call once in a test file: servers end with its last test. */
export function useLedgers(): readonly LedgerUnderTest[] {
  afterAll(endServers);
  return ledgers;
}
