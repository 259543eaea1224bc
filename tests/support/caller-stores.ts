// Every caller store, for the suite that runs over all of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type CallerStore, TOMBSTONE_MS } from "../../src/callers/caller-store.ts";
import { systemClock } from "../../src/clock.ts";
import { openStores } from "../../src/open-stores.ts";
import type { StoreAddress } from "../../src/store/store-address.ts";
import { hostStores } from "./hosted-stores.ts";
import { createManualClock } from "./manual-clock.ts";
import { type RedisServer, startRedis } from "./redis.ts";
import { eventually } from "./stack.ts";

export interface OpenedCallers {
  readonly store: CallerStore;
  /** Makes all tombstones as old as they get. */
  age(): Promise<void>;
  /** Another replica's view of the same data, or the next process's. */
  reopen(): Promise<CallerStore>;
  close(): Promise<void>;
}

export interface CallersUnderTest {
  readonly name: string;
  /** What was written is there for another process. */
  readonly isLasting: boolean;
  open(): Promise<OpenedCallers>;
}

const MAX_BYTES = 64 * 1024 * 1024;

const memory: CallersUnderTest = {
  name: "memory",
  isLasting: false,
  async open() {
    const clock = createManualClock();
    const { callers } = await openStores({ type: "memory", maxBytes: MAX_BYTES }, clock);
    return {
      store: callers,
      age: () => clock.advance(TOMBSTONE_MS),
      reopen: async () => callers,
      close: async () => {},
    };
  },
};

const sqlite: CallersUnderTest = {
  name: "sqlite",
  isLasting: true,
  async open() {
    const clock = createManualClock();
    const folder = mkdtempSync(join(tmpdir(), "steer-callers-"));
    const path = join(folder, "steer.db");
    const address: StoreAddress = { type: "sqlite", path, maxBytes: MAX_BYTES };
    let stores = await openStores(address, clock);
    return {
      store: stores.callers,
      age: () => clock.advance(TOMBSTONE_MS),
      async reopen() {
        await stores.engine.close();
        stores = await openStores(address, clock);
        return stores.callers;
      },
      async close() {
        await stores.engine.close();
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

/** One server for all tests of a file. */
export function callersRedis(): Promise<RedisServer> {
  server ??= startRedis();
  return server;
}

/** The server as it is before each test. */
async function emptiedRedis(): Promise<RedisServer> {
  const redis = await callersRedis();
  await redis.command("CONFIG", "SET", "maxmemory", "0");
  await redis.command("FLUSHALL");
  return redis;
}

const redis: CallersUnderTest = {
  name: "redis",
  isLasting: true,
  async open() {
    const { url, command } = await emptiedRedis();
    const opened: (() => Promise<void>)[] = [];
    async function connect(): Promise<CallerStore> {
      const { engine, callers } = await openStores({ type: "redis", url }, systemClock);
      opened.push(() => engine.close());
      await eventually(() =>
        callers.changes(0, 1).then(
          () => true,
          () => false,
        ),
      );
      return callers;
    }
    return {
      store: await connect(),
      async age() {
        const deleted = "{steer}:callers:deleted";
        const script = `for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
          redis.call('ZADD', KEYS[1], 1, name) end`;
        await command("EVAL", script, "1", deleted);
      },
      reopen: connect,
      async close() {
        for (const close of opened) await close();
      },
    };
  },
};

const hostedMemory: CallersUnderTest = {
  name: "hosted memory",
  isLasting: true,
  async open() {
    const clock = createManualClock();
    const inner = await openStores({ type: "memory", maxBytes: MAX_BYTES }, clock);
    const host = await hostStores(inner, clock);
    return {
      store: (await host.connect()).callers,
      age: () => clock.advance(TOMBSTONE_MS),
      reopen: async () => (await host.connect()).callers,
      close: () => host.close(),
    };
  },
};

const hostedSqlite: CallersUnderTest = {
  name: "hosted sqlite",
  isLasting: true,
  async open() {
    const clock = createManualClock();
    const folder = mkdtempSync(join(tmpdir(), "steer-callers-"));
    const address: StoreAddress = {
      type: "sqlite",
      path: join(folder, "steer.db"),
      maxBytes: MAX_BYTES,
    };
    const start = async () => hostStores(await openStores(address, clock), clock);
    let host = await start();
    return {
      store: (await host.connect()).callers,
      age: () => clock.advance(TOMBSTONE_MS),
      async reopen() {
        await host.close();
        host = await start();
        return (await host.connect()).callers;
      },
      async close() {
        await host.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

const callerStores: readonly CallersUnderTest[] = [
  memory,
  sqlite,
  redis,
  hostedMemory,
  hostedSqlite,
];

/** Call once in a test file: servers end with its last test. */
export function useCallerStores(): readonly CallersUnderTest[] {
  afterAll(endServers);
  return callerStores;
}
