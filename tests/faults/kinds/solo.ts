// Faults of a replica that is alone with a store of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../harness/cluster.ts";
import type { Fault } from "./fault.ts";

export const fullDisk: Fault = {
  id: "F25",
  title: "the disk of SQLite is full, and a restart",
  async run(scene) {
    const folder = mkdtempSync(join(tmpdir(), "steer-disk-"));
    const cluster = await startCluster({
      replicas: 1,
      provider: scene.cluster.provider,
      store: `sqlite:${join(folder, "streams.db")}`,
      stream: "  max_total_bytes: 256KiB",
    });
    try {
      // Streams whose log is long enough to fill what there is.
      const filling = scene.on(cluster);
      scene.injected++;
      await filling.streams(8, { tokens: 1_500, paceMs: 0, owner: 0, readers: 1 });
      scene.expect(
        filling.readings.some(({ outcome }) => outcome !== "complete"),
        "the store was never full",
      );
      scene.injected++;
      const restarted = scene.on(cluster);
      const running = restarted.streams(2, { tokens: 20, paceMs: 20, owner: 0, readers: 1 });
      await scene.underWay();
      await cluster.replicas[0]?.process.kill();
      await running;
      for (const reading of filling.readings.slice(0, 3)) {
        if (reading.outcome === "complete") await filling.again(reading, 0);
      }
    } finally {
      await cluster[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
