// A store that dies, loses data, is cut off, is full or is slow.
import { setTimeout as delay } from "node:timers/promises";
import { startRedis } from "../../support/redis.ts";
import { eventually } from "../../support/stack.ts";
import { cutBytes } from "../harness/append-only-file.ts";
import type { Toxics } from "../harness/proxy.ts";
import type { Scene } from "../harness/scene.ts";
import type { Fault } from "./fault.ts";

/** What `everysec` may not have written when its server is killed, and some slack. */
const UNSYNCED_MS = 2_500;
/** Roughly one append. */
const ENTRY_BYTES = 300;

export const killedStore: Fault = {
  id: "F5",
  title: "kill -9 of Redis, AOF everysec",
  async run(scene) {
    const running = scene.streams();
    await scene.underWay();
    const over = scene.losing(UNSYNCED_MS);
    scene.injected++;
    await scene.cluster.redis.kill();
    await delay(200 + Math.random() * 500);
    await scene.cluster.redis.start();
    await running;
    over();
  },
};

async function cutTail(scene: Scene, killsOwner: boolean): Promise<void> {
  const { cluster } = scene;
  const running = scene.streams(scene.scale.streams, { owner: 1 });
  await scene.underWay();
  const over = scene.losing(UNSYNCED_MS);
  scene.injected++;
  if (killsOwner) await cluster.replicas[1]?.process.kill();
  await cluster.redis.kill();
  cutBytes(cluster.redis, (1 + Math.floor(Math.random() * 30)) * ENTRY_BYTES);
  await cluster.redis.start();
  await running;
  over();
}

export const cutStore: Fault = {
  id: "F6",
  title: "Redis comes back without its newest entries, the owner alive, then dead",
  async run(scene) {
    await cutTail(scene, false);
    await cutTail(scene, true);
  },
};

export const failedOver: Fault = {
  id: "F7",
  title: "failover to a replica that lags",
  async run(scene) {
    const { cluster } = scene;
    const old = cluster.redis;
    const next = await startRedis();
    await next.command("REPLICAOF", "127.0.0.1", String(old.port));
    await eventually(async () =>
      /master_link_status:up/.test(String(await next.command("INFO", "replication"))),
    );
    const running = scene.streams();
    await scene.underWay();
    // What happens from here on has not been replicated.
    const over = scene.losing(0);
    await next.command("REPLICAOF", "NO", "ONE");
    await delay(100);
    scene.injected++;
    cluster.useRedis(next);
    for (const { store } of cluster.replicas) store?.cut();
    await running;
    over();
    await old[Symbol.asyncDispose]();
  },
};

export const stalledStore: Fault = {
  id: "F8",
  title: "CLIENT PAUSE, DEBUG SLEEP, CLIENT KILL of commands and pushes",
  async run(scene) {
    const { cluster } = scene;
    const running = scene.streams(scene.scale.streams, { tokens: scene.scale.tokens * 2 });
    for (const command of [
      "CLIENT PAUSE 400",
      `DEBUG SLEEP ${scene.scale.name === "short" ? 0.6 : 3}`,
      "CLIENT KILL TYPE normal SKIPME yes",
      "CLIENT KILL TYPE pubsub",
    ]) {
      scene.injected++;
      await cluster.redis.command(...command.split(" ")).catch(() => {});
      await delay(100);
    }
    await running;
  },
};

export const fullStore: Fault = {
  id: "F9",
  title: "Redis is out of memory and evicts nothing",
  async run(scene) {
    const { redis } = scene.cluster;
    const running = scene.streams();
    await scene.underWay();
    // The server may be away for another fault just now.
    const isLimited = await redis.limitMemory(1_024).then(
      () => true,
      () => false,
    );
    if (isLimited) scene.injected++;
    const during = scene.streams(2);
    await delay(600);
    while (isLimited && redis === scene.cluster.redis) {
      const answer = await redis.command("CONFIG", "SET", "maxmemory", "0").catch(() => undefined);
      if (answer !== undefined) break;
      await delay(50);
    }
    await Promise.all([running, during]);
  },
};

export const partitionedStore: Fault = {
  id: "F10",
  title: "one replica is cut off from Redis: both ways, its writes, its reads",
  async run(scene) {
    const { replicas } = scene.cluster;
    const cuts: Toxics[] = [
      { blackhole: ["up", "down"] },
      { blackhole: ["up"] },
      { blackhole: ["down"] },
    ];
    const chosen = scene.scale.name === "short" ? [cuts[Math.floor(Math.random() * 3)]] : cuts;
    for (const cut of chosen) {
      const owner = Math.floor(Math.random() * replicas.length);
      const running = scene.streams(scene.scale.streams, { tokens: scene.scale.tokens * 2, owner });
      await scene.underWay();
      scene.injected++;
      replicas[owner]?.store?.set(cut ?? {});
      await delay(scene.scale.longPauseMs);
      replicas[owner]?.store?.set({});
      replicas[owner]?.store?.cut();
      await running;
    }
  },
};

export const slowStore: Fault = {
  id: "F11",
  title: "1, 10 and 100 ms to Redis, give or take all of it",
  async run(scene) {
    const { replicas } = scene.cluster;
    for (const latencyMs of [1, 10, 100]) {
      scene.injected++;
      for (const { store } of replicas) store?.set({ latencyMs, jitterMs: latencyMs });
      await scene.streams(2, { tokens: Math.ceil(scene.scale.tokens / 2) });
    }
    for (const { store } of replicas) store?.set({});
  },
};

export const replayedAppends: Fault = {
  id: "F20",
  title: "everything that a replica has sent to Redis is sent again",
  async run(scene) {
    const link = scene.cluster.replicas[2]?.store;
    const sendAgain = link?.capture(256 * 1024);
    // The replica has lost its connections for that.
    await delay(500);
    const running = scene.streams(scene.scale.streams, { owner: 2 });
    await scene.underWay();
    scene.injected++;
    await sendAgain?.();
    await running;
  },
};
