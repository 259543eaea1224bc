// The tenants of each engine: one line each. An engine is loaded when it is configured.
import type { CallerStore } from "./callers/caller-store.ts";
import { createMemoryCallerStore } from "./callers/memory/caller-store.ts";
import type { Clock } from "./clock.ts";
import type { LedgerStore } from "./ledger/ledger-store.ts";
import { createMemoryLedgerStore } from "./ledger/memory/ledger-store.ts";
import type { LimitStore } from "./limits/limit-store.ts";
import { createMemoryLimitStore } from "./limits/memory/limit-store.ts";
import { MemoryEngine } from "./store/memory/engine.ts";
import type { StoreAddress } from "./store/store-address.ts";
import type { StoreEngine } from "./store/store-engine.ts";
import { createMemoryStreamStore } from "./streams/memory/stream-store.ts";
import type { StreamStore } from "./streams/stream-store.ts";

/** One engine with its tenants. */
export interface Stores {
  readonly engine: StoreEngine;
  readonly streams: StreamStore;
  readonly callers: CallerStore;
  readonly ledger: LedgerStore;
  readonly limits: LimitStore;
}

/** Resolves when the engine is open. Rejects if the engine cannot be used at all. */
export async function openStores(address: StoreAddress, clock: Clock): Promise<Stores> {
  const stores = await createStores(address, clock);
  await stores.engine.open();
  return stores;
}

async function createStores(address: StoreAddress, clock: Clock): Promise<Stores> {
  switch (address.type) {
    case "memory": {
      const engine = new MemoryEngine(clock);
      const streams = createMemoryStreamStore(engine, address.maxBytes);
      return {
        engine,
        streams,
        callers: createMemoryCallerStore(engine),
        ledger: createMemoryLedgerStore(engine),
        limits: createMemoryLimitStore(engine),
      };
    }
    case "sqlite": {
      const { SqliteEngine } = await import("./store/sqlite/engine.ts");
      const { createSqliteCallerStore } = await import("./callers/sqlite/caller-store.ts");
      const { createSqliteStreamStore } = await import("./streams/sqlite/stream-store.ts");
      const { createSqliteLedgerStore } = await import("./ledger/sqlite/ledger-store.ts");
      const { createSqliteLimitStore } = await import("./limits/sqlite/limit-store.ts");
      const engine = new SqliteEngine({ ...address, clock });
      // The first tenant has its version in the header of the file: the order is a part of its format.
      const streams = createSqliteStreamStore(engine);
      return {
        engine,
        streams,
        callers: createSqliteCallerStore(engine),
        ledger: createSqliteLedgerStore(engine),
        limits: createSqliteLimitStore(engine),
      };
    }
    case "redis": {
      const { RedisEngine } = await import("./store/redis/engine.ts");
      const { createRedisCallerStore } = await import("./callers/redis/caller-store.ts");
      const { createRedisStreamStore } = await import("./streams/redis/stream-store.ts");
      const { createRedisLedgerStore } = await import("./ledger/redis/ledger-store.ts");
      const { createRedisLimitStore } = await import("./limits/redis/limit-store.ts");
      const engine = new RedisEngine({ ...address, clock });
      const streams = createRedisStreamStore(engine);
      return {
        engine,
        streams,
        callers: createRedisCallerStore(engine),
        ledger: createRedisLedgerStore(engine),
        limits: createRedisLimitStore(engine),
      };
    }
    case "hosted":
      return connectStores(address, clock);
  }
}

/** The stores of another process on this host: `serve-stores.ts` is their counterpart. */
async function connectStores(
  address: Extract<StoreAddress, { type: "hosted" }>,
  clock: Clock,
): Promise<Stores> {
  const { HostedEngine } = await import("./store/hosted/engine.ts");
  const { createHostedCallerStore } = await import("./callers/hosted/caller-store.ts");
  const { createHostedStreamStore } = await import("./streams/hosted/stream-store.ts");
  const { createHostedLedgerStore } = await import("./ledger/hosted/ledger-store.ts");
  const { createHostedLimitStore } = await import("./limits/hosted/limit-store.ts");
  const engine = await HostedEngine.connect({ ...address, clock });
  const streams = createHostedStreamStore(engine);
  return {
    engine,
    streams,
    callers: createHostedCallerStore(engine),
    ledger: createHostedLedgerStore(engine),
    limits: createHostedLimitStore(engine),
  };
}
