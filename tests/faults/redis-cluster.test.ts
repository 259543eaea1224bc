import { expect, it } from "vitest";
import { startCluster } from "./harness/cluster.ts";
import { expectClean, outcomesOf, SLOW_MS, sceneOn } from "./harness/in-test.ts";
import { changedCluster } from "./kinds/redis-cluster.ts";

it(
  "field:S13 gateways over a Redis Cluster lose nothing when the slot moves or its master dies",
  async () => {
    await using idle = await startCluster({ replicas: 1, store: "memory" });
    const scene = sceneOn(idle);
    await changedCluster.run(scene);
    await scene.settled();
    expect(scene.notes).toEqual([]);
    expectClean(scene.allReadings);
    // No owner died: no stream was lost or taken over.
    expect(new Set(outcomesOf(scene.allReadings))).toEqual(new Set(["complete"]));
    expect(scene.allReadings.flatMap(({ takeoverGaps }) => takeoverGaps)).toEqual([]);
  },
  2 * SLOW_MS,
);
