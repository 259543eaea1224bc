import { describe, expect, it } from "vitest";
import type { Cluster } from "./harness/cluster.ts";
import type { Reading } from "./harness/consumer.ts";
import { connectEndpoint, grpcEndpoint } from "./harness/endpoint.ts";
import { expectClean, outcomesOf, SLOW_MS, useCluster } from "./harness/in-test.ts";
import { startProxy } from "./harness/proxy.ts";
import type { Scene } from "./harness/scene.ts";

const newScene = useCluster({ replicas: 1, store: "memory" });

/** Cuts that are under way at the same time. */
const AT_ONCE = 12;

const PROTOCOLS = {
  grpc: { open: grpcEndpoint, listener: (cluster: Cluster) => cluster.replicas[0]?.process.grpc },
  connect: {
    open: connectEndpoint,
    listener: (cluster: Cluster) => cluster.replicas[0]?.process.http,
  },
};

async function readCut(
  scene: Scene,
  protocol: keyof typeof PROTOCOLS,
  rid: string,
  bytes: number,
): Promise<Reading> {
  const { open, listener } = PROTOCOLS[protocol];
  const port = Number(listener(scene.cluster)?.split(":").at(-1));
  const link = await startProxy(port);
  const cut = open(link.address);
  link.limitNext(bytes);
  try {
    return await scene.follow(rid, [cut, ...scene.cluster.endpoints(0)]);
  } finally {
    cut.close();
    await link[Symbol.asyncDispose]();
  }
}

describe("a connection that is cut at every byte of a response", () => {
  it.each(["grpc", "connect"] as const)(
    "A-69: over %s, every consumer ends with the whole answer",
    async (protocol) => {
      const scene = await newScene();
      const { rid, done } = scene.stream({ owner: 0, tokens: 3, paceMs: 0 });
      const readings = await done;
      let bytes = 1;
      // Until a whole response has come through uncut.
      for (let isCut = true; isCut; ) {
        const some = Array.from({ length: AT_ONCE }, () => readCut(scene, protocol, rid, bytes++));
        const read = await Promise.all(some);
        readings.push(...read);
        isCut = read.some(({ reconnects }) => reconnects > 0);
      }
      expect(bytes).toBeGreaterThan(400);
      expect(new Set(outcomesOf(readings))).toEqual(new Set(["complete"]));
      expectClean(readings);
    },
    4 * SLOW_MS,
  );

  it(
    "while it is generated, at bytes all over it",
    async () => {
      const scene = await newScene();
      const readings: Reading[] = [];
      for (let bytes = 50; bytes < 2_000; bytes += 180) {
        const protocol = bytes % 360 === 50 ? "grpc" : "connect";
        const { rid, done } = scene.stream({ owner: 0, tokens: 12, paceMs: 10 });
        readings.push(await readCut(scene, protocol, rid, bytes), ...(await done));
      }
      expect(new Set(outcomesOf(readings))).toEqual(new Set(["complete"]));
      expectClean(readings);
      expect(readings.some(({ reconnects }) => reconnects > 0)).toBe(true);
    },
    SLOW_MS,
  );
});
