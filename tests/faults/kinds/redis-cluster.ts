// Faults of a Redis Cluster and of gateways that share it.
import { setTimeout as delay } from "node:timers/promises";
import { startRedisCluster } from "../../support/redis-cluster.ts";
import { startCluster } from "../harness/cluster.ts";
import type { Fault } from "./fault.ts";

/** Streams are under way, and their readers are subscribed. */
const UNDER_WAY_MS = 600;
/** Tokens of a stream that outlasts what is done to it. */
const LONG = 250;

export const changedCluster: Fault = {
  id: "F32",
  title: "a Redis Cluster: the slot of the streams moves, then its master dies",
  async run(scene) {
    const redis = await startRedisCluster({ hasReplicas: true });
    const cluster = await startCluster({
      replicas: 2,
      provider: scene.cluster.provider,
      store: redis.url,
      // A vote takes longer than the short session of a run.
      isSessionShipped: true,
    });
    try {
      const there = scene.on(cluster);
      const moved = there.streams(scene.scale.streams, { tokens: LONG / 2 });
      await delay(UNDER_WAY_MS);
      scene.injected++;
      await (await redis.beginMove(await redis.other()))();
      await moved;
      const running = there.streams(scene.scale.streams, { tokens: LONG });
      await delay(UNDER_WAY_MS);
      scene.injected++;
      await (await redis.owner()).kill();
      await running;
      const [after] = await there.stream({ tokens: 1 }).done;
      scene.expect(after?.streamId.startsWith("s.") === true, "the cluster is not used any more");
    } finally {
      await cluster[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    }
  },
};
