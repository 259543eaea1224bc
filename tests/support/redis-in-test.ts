// Servers and stores that end with the running test.
import { afterEach, expect } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { createRedisStreams, type OpenStreams } from "./open-streams.ts";
import { connectedRedisStore, type RedisServer, startRedis } from "./redis.ts";
import { type RedisCluster, type RedisClusterOptions, startRedisCluster } from "./redis-cluster.ts";
import { type SentinelOptions, type SentinelSet, startSentinels } from "./redis-sentinels.ts";

const opened: (OpenStreams | AsyncDisposable)[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) {
    await ("close" in each ? each.close() : each[Symbol.asyncDispose]());
  }
});

export async function useRedis(options?: Parameters<typeof startRedis>[0]): Promise<RedisServer> {
  const started = await startRedis(options);
  opened.push(started);
  return started;
}

export async function useRedisCluster(options?: RedisClusterOptions): Promise<RedisCluster> {
  const started = await startRedisCluster(options);
  opened.push(started);
  return started;
}

export async function useSentinels(options?: SentinelOptions): Promise<SentinelSet> {
  const started = await startSentinels(options);
  opened.push(started);
  return started;
}

export async function useStore(to: Pick<RedisServer, "url">): Promise<OpenStreams> {
  const store = await connectedRedisStore(to);
  opened.push(store);
  return store;
}

export function openStore(url: string): OpenStreams {
  const store = createRedisStreams({ url, clock: systemClock });
  opened.push(store);
  return store;
}

/** The error of a rejected call, which must be the port's own. */
export async function refusal(call: Promise<unknown>): Promise<StoreUnavailable> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreUnavailable);
  return error as StoreUnavailable;
}
