// Faults of a replica that is alone with a store of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import { canMount, mountDisk } from "../../support/small-disk.ts";
import { eventually } from "../../support/stack.ts";
import { startCluster } from "../harness/cluster.ts";
import type { Fault } from "./fault.ts";

export const fullDisk: Fault = {
  id: "F25",
  title: "the disk of SQLite is full, and a restart",
  async run(scene) {
    const folder = mkdtempSync(join(tmpdir(), "steer-disk-"));
    // Where no disk can be made the store has a bound of its own.
    // The write-ahead log alone takes four MiB. What the fault takes away must be there before.
    const disk = canMount() ? mountDisk(folder, "16m") : undefined;
    const cluster = await startCluster({
      replicas: 1,
      provider: scene.cluster.provider,
      store: `sqlite:${join(disk?.path ?? folder, "streams.db")}`,
      ...(disk === undefined && {
        stream: "  max_total_bytes: 256KiB # because: it stands for a disk that is full",
      }),
    });
    const lines = (event: string): readonly Record<string, unknown>[] =>
      (cluster.replicas[0]?.process.log ?? []).filter((line) => line["event"] === event);
    try {
      // Streams whose log is long enough to fill what there is.
      const filling = scene.on(cluster);
      scene.injected++;
      const running = filling.streams(8, { tokens: 1_500, paceMs: 1, owner: 0, readers: 1 });
      await delay(300);
      disk?.fill();
      await running;
      const causes = new Set(lines("store away").map(({ cause }) => cause));
      scene.expect(causes.has("full"), "the store was never full");
      const broken = filling.readings.filter(({ outcome }) => outcome !== "complete");
      scene.expect(broken.length === 0, `${broken.length} streams did not outlast the full store`);
      disk?.free();
      await eventually(() => lines("store back").length === lines("store away").length, 15_000);
      scene.injected++;
      const restarted = scene.on(cluster);
      const again = restarted.streams(2, { tokens: 20, paceMs: 20, owner: 0, readers: 1 });
      await scene.underWay();
      await cluster.replicas[0]?.process.kill();
      await again;
      const stored = filling.readings.filter(({ streamId }) => streamId.startsWith("s."));
      for (const reading of stored.slice(-3)) await filling.again(reading, 0);
    } finally {
      await cluster[Symbol.asyncDispose]();
      disk?.unmount();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Why a stream needs another attempt: before its first token, between tokens, at another target. */
const SECOND_CHANCES = [
  { model: "script", faults: [{ attempt: 1, status: 503 }] },
  { model: "script", faults: [{ attempt: 1, cutAt: 3 }] },
  { model: "pair", faults: [{ attempt: 1, status: 429 }] },
] as const;

export const reloadedTargets: Fault = {
  id: "F26",
  title: "reloads that change every instance while calls wait for a retry or fail over",
  async run(scene) {
    const { provider } = scene.cluster;
    const cluster = await startCluster({ replicas: 1, provider, store: "memory" });
    try {
      const alone = scene.on(cluster);
      const rounds = scene.scale.name === "short" ? 3 : 20;
      let version = 0;
      for (let round = 0; round < rounds; round++) {
        let isRunning = true;
        const running = Promise.all(
          SECOND_CHANCES.map(
            ({ model, faults }) =>
              alone.stream({ model, faults, recovery: MidStreamRecovery.RESTART }).done,
          ),
        ).finally(() => {
          isRunning = false;
        });
        while (isRunning) {
          scene.injected++;
          version++;
          await cluster.replicas[0]?.reload(String(version));
          await Promise.race([running, delay(50)]);
        }
        const failed = (await running).flat().filter(({ outcome }) => outcome !== "complete");
        for (const { rid, reason } of failed) {
          scene.expect(false, `${rid}: a call failed at a reload (${reason})`);
        }
      }
      scene.expect(version >= rounds, "there was no reload");
    } finally {
      await cluster[Symbol.asyncDispose]();
    }
  },
};
