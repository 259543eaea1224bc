// Every stream store, for the suites that run over all of them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openStores, type Stores } from "../../src/open-stores.ts";
import type { StoreAddress } from "../../src/store/store-address.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { type HostedStores, hostStores } from "./hosted-stores.ts";
import { createManualClock } from "./manual-clock.ts";
import { createMemoryStreams, type OpenStreams, openSqliteStreams } from "./open-streams.ts";
import { connectedRedisStore, type RedisServer, startRedis } from "./redis.ts";
import { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";

/** A fresh and empty store. */
export interface OpenedStore {
  readonly store: StreamStore;
  /** Moves the store's time. Undefined: time is real, and tests wait for fractions of a second. */
  readonly advance: ((ms: number) => Promise<void>) | undefined;
  /** Ends the process abruptly; the next one opens the same data. */
  readonly restart?: () => Promise<StreamStore>;
  /** Another replica's view of the same data. */
  readonly openPeer?: () => Promise<OpenStreams>;
  close(): Promise<void>;
}

export interface StoreUnderTest {
  readonly name: string;
  /** Sessions end if they are not renewed; otherwise they live as long as the process. */
  readonly sessionsExpire: boolean;
  /** Random runs of the model-based suite. */
  readonly modelRuns: number;
  open(): Promise<OpenedStore>;
  /** A store with room for less than 1 MiB of events, if its bound can be set. */
  readonly openSmall?: () => Promise<OpenedStore>;
}

async function openMemory(maxBytes: number): Promise<OpenedStore> {
  const clock = createManualClock();
  const store = createMemoryStreams({ clock, maxBytes });
  return { store, advance: (ms) => clock.advance(ms), close: async () => {} };
}

const memory: StoreUnderTest = {
  name: "memory",
  sessionsExpire: false,
  modelRuns: 2_000,
  open: () => openMemory(64 * 1024 * 1024),
  openSmall: () => openMemory(512 * 1024),
};

async function openSqlite(maxBytes: number): Promise<OpenedStore> {
  const clock = createManualClock();
  const folder = mkdtempSync(join(tmpdir(), "steer-store-"));
  const opened: OpenStreams[] = [];
  const openFile = async (name: string): Promise<OpenStreams> => {
    const store = await openSqliteStreams({ clock, path: join(folder, name), maxBytes });
    opened.push(store);
    return store;
  };
  return {
    store: await openFile("streams.db"),
    advance: (ms) => clock.advance(ms),
    async restart() {
      // The files as after a sudden death: most data is still in the write-ahead log.
      for (const end of ["", "-wal"]) {
        execFileSync("cp", [join(folder, `streams.db${end}`), join(folder, `next.db${end}`)]);
      }
      return openFile("next.db");
    },
    async close() {
      await Promise.all(opened.map((store) => store.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let redisServer: Promise<RedisServer> | undefined;
let redisCluster: Promise<RedisCluster> | undefined;

async function endServers(): Promise<void> {
  const ending = [redisServer, redisCluster];
  redisServer = undefined;
  redisCluster = undefined;
  for (const each of ending) await (await each)?.[Symbol.asyncDispose]();
}

/** One server for all tests of a file, emptied before each. */
async function emptyRedis(): Promise<RedisServer> {
  redisServer ??= startRedis();
  const server = await redisServer;
  await server.command("CONFIG", "SET", "maxmemory", "0");
  await server.command("FLUSHALL");
  return server;
}

/** The owner of the slot in one cluster for all tests of a file, emptied before each. */
async function emptyRedisCluster(): Promise<RedisServer> {
  redisCluster ??= startRedisCluster();
  const server = await (await redisCluster).owner();
  await server.command("FLUSHALL");
  return server;
}

/** `url`: another address than that of the emptied server. */
async function openRedis(server: RedisServer, url = server.url): Promise<OpenedStore> {
  const opened = new Set<OpenStreams>();
  async function connect(): Promise<OpenStreams> {
    const store = await connectedRedisStore({ url });
    opened.add(store);
    return store;
  }
  const store = await connect();
  return {
    store,
    advance: undefined,
    async restart() {
      await store.close();
      return connect();
    },
    openPeer: connect,
    async close() {
      for (const each of opened) await each.close();
    },
  };
}

const sqlite: StoreUnderTest = {
  name: "sqlite",
  sessionsExpire: false,
  modelRuns: 60,
  open: () => openSqlite(64 * 1024 * 1024),
  openSmall: () => openSqlite(1024 * 1024),
};

async function openSmallRedis(): Promise<OpenedStore> {
  const server = await emptyRedis();
  const opened = await openRedis(server);
  await server.limitMemory(512 * 1024);
  return opened;
}

const redis: StoreUnderTest = {
  name: "redis",
  sessionsExpire: true,
  modelRuns: 200,
  open: async () => openRedis(await emptyRedis()),
  openSmall: openSmallRedis,
};

/** Uses the URL of a node without the slot. */
const cluster: StoreUnderTest = {
  name: "redis cluster",
  sessionsExpire: true,
  modelRuns: 40,
  async open() {
    const server = await emptyRedisCluster();
    return openRedis(server, (await (await redisCluster)?.other())?.url);
  },
};

function streamsOf({ streams, engine }: Stores): OpenStreams {
  return { ...streams, close: () => engine.close() };
}

async function openHostedMemory(maxBytes: number): Promise<OpenedStore> {
  const clock = createManualClock();
  const host = await hostStores(await openStores({ type: "memory", maxBytes }, clock), clock);
  return {
    store: (await host.connect()).streams,
    advance: (ms) => clock.advance(ms),
    openPeer: async () => streamsOf(await host.connect()),
    close: () => host.close(),
  };
}

/** The stores of a process that serves its memory, as another process sees them. */
const hostedMemory: StoreUnderTest = {
  name: "hosted memory",
  sessionsExpire: true,
  modelRuns: 300,
  open: () => openHostedMemory(64 * 1024 * 1024),
  openSmall: () => openHostedMemory(512 * 1024),
};

async function openHostedSqlite(maxBytes: number): Promise<OpenedStore> {
  const clock = createManualClock();
  const folder = mkdtempSync(join(tmpdir(), "steer-store-"));
  const address: StoreAddress = { type: "sqlite", path: join(folder, "streams.db"), maxBytes };
  const start = async () => hostStores(await openStores(address, clock), clock);
  let host: HostedStores = await start();
  return {
    store: (await host.connect()).streams,
    advance: (ms) => clock.advance(ms),
    async restart() {
      await host.close();
      host = await start();
      return (await host.connect()).streams;
    },
    openPeer: async () => streamsOf(await host.connect()),
    async close() {
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const hostedSqlite: StoreUnderTest = {
  name: "hosted sqlite",
  sessionsExpire: true,
  modelRuns: 30,
  open: () => openHostedSqlite(64 * 1024 * 1024),
  openSmall: () => openHostedSqlite(1024 * 1024),
};

const stores: readonly StoreUnderTest[] = [
  memory,
  sqlite,
  redis,
  cluster,
  hostedMemory,
  hostedSqlite,
];

/** Call once in a test file: servers end with its last test. */
export function useStores(): readonly StoreUnderTest[] {
  afterAll(endServers);
  return stores;
}
