// Servers and stores that end with the running test.
import { expect, onTestFinished } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { createRedisStreams, type OpenStreams } from "./open-streams.ts";
import { connectedRedisStore, type RedisServer, startRedis } from "./redis.ts";
import { type RedisCluster, type RedisClusterOptions, startRedisCluster } from "./redis-cluster.ts";
import { type SentinelOptions, type SentinelSet, startSentinels } from "./redis-sentinels.ts";

function endsWithTest<Opened extends OpenStreams | AsyncDisposable>(opened: Opened): Opened {
  onTestFinished(() => ("close" in opened ? opened.close() : opened[Symbol.asyncDispose]()));
  return opened;
}

export async function useRedis(options?: Parameters<typeof startRedis>[0]): Promise<RedisServer> {
  return endsWithTest(await startRedis(options));
}

export async function useRedisCluster(options?: RedisClusterOptions): Promise<RedisCluster> {
  return endsWithTest(await startRedisCluster(options));
}

export async function useSentinels(options?: SentinelOptions): Promise<SentinelSet> {
  return endsWithTest(await startSentinels(options));
}

export async function useStore(to: Pick<RedisServer, "url">): Promise<OpenStreams> {
  return endsWithTest(await connectedRedisStore(to));
}

export function openStore(url: string): OpenStreams {
  return endsWithTest(createRedisStreams({ url, clock: systemClock }));
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
