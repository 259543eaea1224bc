// From an append to its acknowledgement, with nothing broken, for each store.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, startCluster } from "./cluster.ts";
import type { Scene } from "./scene.ts";

export type CommitDelays = Record<"memory" | "sqlite" | "redis", readonly number[]>;

const STREAMS = 6;

async function measure(scene: Scene): Promise<readonly number[]> {
  await scene.streams(STREAMS, { tokens: 60, paceMs: 8, readers: 1 });
  const { replicas } = scene.cluster;
  const figures = await Promise.all(replicas.map(({ process }) => process.figures()));
  return figures.flat();
}

/** `sceneOf` makes a scene on a cluster; that of Redis is there already. */
export async function commitDelays(
  redis: Cluster,
  sceneOf: (cluster: Cluster) => Scene,
): Promise<CommitDelays> {
  const folder = mkdtempSync(join(tmpdir(), "steer-commit-"));
  const stores = ["memory", `sqlite:${join(folder, "streams.db")}`];
  const { provider } = redis;
  const others = await Promise.all(
    stores.map((store) => startCluster({ replicas: 1, store, provider })),
  );
  try {
    const [memory, sqlite] = others;
    if (memory === undefined || sqlite === undefined) throw new Error("no cluster");
    return {
      memory: await measure(sceneOf(memory)),
      sqlite: await measure(sceneOf(sqlite)),
      redis: await measure(sceneOf(redis)),
    };
  } finally {
    await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true, force: true });
  }
}
