// Every store of limits, for the suites that run over all of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { LimitStore } from "../../src/limits/limit-store.ts";
import { createMemoryLimitStore } from "../../src/limits/memory/limit-store.ts";
import { createRedisLimitStore } from "../../src/limits/redis/limit-store.ts";
import { createSqliteLimitStore } from "../../src/limits/sqlite/limit-store.ts";
import { openStores } from "../../src/open-stores.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { RedisEngine } from "../../src/store/redis/engine.ts";
import type { Sessions } from "../../src/store/sessions.ts";
import { SqliteEngine } from "../../src/store/sqlite/engine.ts";
import type { StoreAddress } from "../../src/store/store-address.ts";
import { createRedisStreamStore } from "../../src/streams/redis/stream-store.ts";
import { createSqliteStreamStore } from "../../src/streams/sqlite/stream-store.ts";
import { hostStores } from "./hosted-stores.ts";
import { createManualClock } from "./manual-clock.ts";
import { isUp, type RedisServer, startRedis } from "./redis.ts";
import { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
import { eventually } from "./stack.ts";

export interface OpenedLimits {
  readonly limits: LimitStore;
  readonly sessions: Pick<Sessions, "openSession" | "closeSession">;
  /** Moves the store's time. Undefined: time is real. */
  readonly advance: ((ms: number) => Promise<void>) | undefined;
  close(): Promise<void>;
}

export interface LimitsUnderTest {
  readonly name: string;
  /** Random runs of the model-based suite. */
  readonly modelRuns: number;
  open(): Promise<OpenedLimits>;
}

/** When the clocks of these stores begin: the last second of a February that has 29 days. */
const LEAP_DAY_ENDS = Date.UTC(2028, 2, 1) - 1_000;

export async function openMemoryLimits(): Promise<OpenedLimits> {
  const clock = createManualClock(LEAP_DAY_ENDS);
  const engine = new MemoryEngine(clock);
  return {
    limits: createMemoryLimitStore(engine),
    sessions: engine.sessions.calls,
    advance: (ms) => clock.advance(ms),
    close: async () => {},
  };
}

async function openSqliteLimits(): Promise<OpenedLimits> {
  const clock = createManualClock(LEAP_DAY_ENDS);
  const folder = mkdtempSync(join(tmpdir(), "steer-limits-"));
  const engine = new SqliteEngine({ clock, path: join(folder, "store.db"), maxBytes: undefined });
  createSqliteStreamStore(engine);
  const limits = createSqliteLimitStore(engine);
  await engine.open();
  return {
    limits,
    sessions: engine.sessions.calls,
    advance: (ms) => clock.advance(ms),
    async close() {
      await engine.close();
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

async function openRedisLimits(): Promise<OpenedLimits> {
  redisServer ??= startRedis();
  const server = await redisServer;
  await server.command("FLUSHALL");
  return connectLimits(server.url);
}

/** Uses the URL of a node without the slot. */
async function openClusterLimits(): Promise<OpenedLimits> {
  redisCluster ??= startRedisCluster();
  const cluster = await redisCluster;
  await (await cluster.owner()).command("FLUSHALL");
  return connectLimits((await cluster.other()).url);
}

async function connectLimits(url: string): Promise<OpenedLimits> {
  const engine = new RedisEngine({ url, clock: systemClock });
  const streams = createRedisStreamStore(engine);
  const limits = createRedisLimitStore(engine);
  await eventually(() => isUp(streams));
  return { limits, sessions: streams, advance: undefined, close: () => engine.close() };
}

async function openHostedLimits(address: StoreAddress): Promise<OpenedLimits> {
  const clock = createManualClock(LEAP_DAY_ENDS);
  const host = await hostStores(await openStores(address, clock), clock);
  const { limits, streams } = await host.connect();
  return {
    limits,
    // The sessions of these tests are never renewed.
    sessions: { ...streams, openSession: (session) => streams.openSession(session, 2 ** 40) },
    advance: (ms) => clock.advance(ms),
    close: () => host.close(),
  };
}

async function openHostedSqliteLimits(): Promise<OpenedLimits> {
  const folder = mkdtempSync(join(tmpdir(), "steer-limits-"));
  const path = join(folder, "store.db");
  const opened = await openHostedLimits({ type: "sqlite", path, maxBytes: undefined });
  return {
    ...opened,
    async close() {
      await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const limitStores: readonly LimitsUnderTest[] = [
  { name: "memory", modelRuns: 500, open: openMemoryLimits },
  { name: "sqlite", modelRuns: 40, open: openSqliteLimits },
  { name: "redis", modelRuns: 60, open: openRedisLimits },
  { name: "redis cluster", modelRuns: 20, open: openClusterLimits },
  {
    name: "hosted memory",
    modelRuns: 60,
    open: () => openHostedLimits({ type: "memory", maxBytes: 1024 * 1024 }),
  },
  { name: "hosted sqlite", modelRuns: 20, open: openHostedSqliteLimits },
];

/** Call once in a test file: servers end with its last test. */
export function useLimitStores(): readonly LimitsUnderTest[] {
  afterAll(endServers);
  return limitStores;
}
