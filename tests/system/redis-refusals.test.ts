// What a service says of a Redis that it can never use, and of one that cannot serve it yet.
import { expect, it } from "vitest";
import { useRedis, useRedisCluster } from "../support/redis-in-test.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const SLOW_MS = 120_000;

/** What a start with this store is refused with. */
async function refusedStart(store: string): Promise<string> {
  const env = { STEER_STREAM_STORE: store };
  const started = startService({ env, startTimeoutMs: SLOW_MS });
  const error: unknown = await started.then(
    (service) => service.stop(),
    (reason: unknown) => reason,
  );
  return error instanceof Error ? error.message : "it started";
}

it(
  "field:S13 refuses to start with a Redis that can never keep streams",
  async () => {
    const args = ["--requirepass", "s3cret", "--rename-command", "FCALL", ""];
    const [old, cluster] = [await useRedis({ args }), await useRedisCluster({ masters: 1 })];
    const { port } = cluster.nodes[0] ?? {};
    const said = [
      await refusedStart(`redis://:s3cret@127.0.0.1:${old.port}`),
      await refusedStart(`redis://127.0.0.1:${port}/1`),
      await refusedStart(`redis+sentinel://127.0.0.1:${port}/main`),
    ];
    expect(said).toEqual([
      expect.stringContaining("steer: the server has not the commands of Redis 7"),
      expect.stringContaining("steer: a Redis Cluster has database 0 alone"),
      expect.stringContaining("steer: the URL leads to no Sentinel"),
    ]);
    expect(said.join()).not.toContain("s3cret");
  },
  SLOW_MS,
);

it(
  "field:S13 starts beside a cluster that does not serve its slot, and uses the cluster when it does",
  async () => {
    const cluster = await useRedisCluster({ masters: 1, slots: [[0, 100]] });
    const service = await startService({ env: { STEER_STREAM_STORE: cluster.url } });
    try {
      const readiness = async (): Promise<unknown> =>
        (await fetch(`${service.http}/readyz`)).json();
      expect(await readiness()).toMatchObject({ status: "DEGRADED" });
      await cluster.nodes[0]?.command("CLUSTER", "ADDSLOTSRANGE", "101", "16383");
      await eventually(async () => ((await readiness()) as { status: string }).status === "OK");
    } finally {
      await service.stop();
    }
  },
  SLOW_MS,
);
