// What happens to a Redis that the other lanes could not live with, on a cluster of its own.
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/stack.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import type { Scene } from "../harness/scene.ts";
import type { Fault } from "./fault.ts";

/** Longer than a running stream waits for its store, so that it goes on without. */
const OUTAGE_MS = 2_500;
const BACK_MS = 15_000;

function lines({ replicas }: Cluster, event: string): readonly Record<string, unknown>[] {
  return replicas.flatMap(({ process }) => process.log).filter((line) => line["event"] === event);
}

/** Streams under way, then `breakStore`: all of them end whole, and with the owner that they had. */
async function costsNothing(
  own: Scene,
  scene: Scene,
  what: string,
  breakStore: () => Promise<void>,
): Promise<void> {
  const running = own.streams(6, { tokens: own.scale.tokens * 2, readers: 1 });
  await own.underWay();
  scene.injected++;
  await breakStore();
  const during = own.streams(2, { readers: 1 });
  const readings = (await Promise.all([running, during])).flat(2);
  const broken = readings.filter(({ outcome }) => outcome !== "complete");
  scene.expect(broken.length === 0, `${what}: ${broken.map(({ reason }) => reason).join(", ")}`);
  for (const event of ["stream lost", "takeover"]) {
    scene.expect(lines(own.cluster, event).length === 0, `${what}: ${event} of a living owner`);
  }
}

/** The replicas have said the cause, and that it is over. */
async function isBack(own: Scene, scene: Scene, cause: string): Promise<void> {
  const { cluster } = own;
  const told = lines(cluster, "store away").some((line) => line["cause"] === cause);
  scene.expect(told, `no replica says that its store is away: ${cause}`);
  const isUsed = (): boolean =>
    cluster.replicas.every(({ process }) => {
      const last = process.log.findLast(({ event }) => String(event).startsWith("store "));
      return last === undefined || last["event"] === "store back";
    });
  await eventually(isUsed, BACK_MS).catch(() =>
    scene.expect(false, `${cause}: the store is not used again`),
  );
}

export const ownStore: Fault = {
  id: "F28",
  title: "Redis is emptied, paused for 60 ms, full, and takes another password; all owners live",
  async run(scene) {
    const { provider } = scene.cluster;
    const cluster = await startCluster({ replicas: 2, provider, isStoreTimeoutShipped: true });
    const { redis } = cluster;
    const own = scene.on(cluster);
    try {
      await costsNothing(own, scene, "emptied", async () => void (await redis.command("FLUSHALL")));
      await costsNothing(own, scene, "paused", async () => {
        for (let pause = 0; pause < 5; pause++) {
          await redis.command("CLIENT", "PAUSE", "60", "ALL");
          await delay(200);
        }
      });
      await costsNothing(own, scene, "full", async () => {
        await redis.limitMemory(-1);
        await delay(OUTAGE_MS);
        await redis.command("CONFIG", "SET", "maxmemory", "0");
      });
      await isBack(own, scene, "full");
      await costsNothing(own, scene, "password", async () => {
        await redis.command("CONFIG", "SET", "requirepass", "another");
        await redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
        await delay(OUTAGE_MS);
        await redis.command("CONFIG", "SET", "requirepass", "");
      });
      await isBack(own, scene, "wrong-password");
    } finally {
      await cluster[Symbol.asyncDispose]();
    }
  },
};
