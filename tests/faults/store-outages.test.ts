import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { eventually } from "../support/stack.ts";
import { cutAppends } from "./harness/append-only-file.ts";
import { check } from "./harness/checks.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import type { Reading } from "./harness/consumer.ts";
import { expectClean, outcomesOf, SLOW_MS, sceneOn, useCluster } from "./harness/in-test.ts";

const { RESTART, FAIL } = MidStreamRecovery;
const newScene = useCluster();

const DATA_LOSS = 15;

async function readiness(cluster: Cluster): Promise<unknown> {
  const answer = await fetch(`http://${cluster.replicas[0]?.process.http}/readyz`);
  return [answer.status, await answer.json()];
}

function lines(cluster: Cluster, event: string): number {
  const logs = cluster.replicas.flatMap(({ process }) => process.log);
  return logs.filter((line) => line["event"] === event).length;
}

/** Everything that was stored of it is read again. */
async function restart(cluster: Cluster, lose: () => void): Promise<void> {
  await cluster.redis.kill();
  lose();
  await cluster.redis.start();
}

describe("a store that does not answer", () => {
  it(
    "A-59, A-61: calls go on without it, readiness says so, and the log says it once",
    async () => {
      await using cluster = await startCluster({ replicas: 1, isStoreTimeoutShipped: true });
      const scene = sceneOn(cluster);
      expect(await readiness(cluster)).toEqual([200, { status: "OK" }]);
      cluster.replicas[0]?.store?.set({ blackhole: ["up", "down"] });
      const startedAt = performance.now();
      for (let call = 0; call < 30; call++) {
        const [reading] = await scene.stream({ owner: 0, tokens: 1, paceMs: 0 }).done;
        expect(reading?.outcome).toBe("complete");
      }
      // A wait of 50 ms for the store; none once the store is known to be away.
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      await eventually(async () => JSON.stringify(await readiness(cluster)).includes("DEGRADED"));
      await delay(2_000);
      expect(lines(cluster, "store away")).toBe(1);
      cluster.replicas[0]?.store?.set({});
      cluster.replicas[0]?.store?.cut();
      await eventually(async () => lines(cluster, "store back") === 1);
      expect(await readiness(cluster)).toEqual([200, { status: "OK" }]);
      const [after] = await scene.stream({ owner: 0, tokens: 1 }).done;
      expect(after?.streamId).toMatch(/^s\./);
      expectClean(scene.readings);
    },
    SLOW_MS,
  );

  it(
    "A-60, A-62: the service starts without it, and uses it once it is there",
    async () => {
      await using cluster = await startCluster({ replicas: 1, isStoreStarted: false });
      const scene = sceneOn(cluster);
      expect(await readiness(cluster)).toEqual([200, { status: "DEGRADED", store: "refused" }]);
      const [before] = await scene.stream({ owner: 0, tokens: 3 }).done;
      expect(before).toMatchObject({ outcome: "complete" });
      expect(before?.streamId).toMatch(/^e\./);
      await cluster.redis.start();
      await eventually(async () => lines(cluster, "store back") > 0);
      const [after] = await scene.stream({ owner: 0, tokens: 3 }).done;
      expect(after?.streamId).toMatch(/^s\./);
    },
    SLOW_MS,
  );
});

describe("Redis comes back without its last second", () => {
  it(
    "the owner lives: consumers notice nothing, and the log is whole again",
    async () => {
      const scene = await newScene();
      const { done } = scene.stream({ owner: 0, readers: 3, tokens: 60, recovery: RESTART });
      await delay(600);
      const [known] = (await scene.cluster.redis.command("KEYS", "{steer}:*:w:*")) as string[];
      const streamId = /:s:(.*):w:/.exec(String(known))?.[1] ?? "";
      await restart(scene.cluster, () => cutAppends(scene.cluster.redis, streamId, 10));
      const readings = await done;
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["complete", "complete", "complete"]);
      const [first] = readings;
      if (first !== undefined) expectClean([first, await scene.again(first, 1)]);
    },
    SLOW_MS,
  );

  it(
    "the end of a stream was in it: its owner gives it back",
    async () => {
      const scene = await newScene();
      const [reading] = await scene.stream({ owner: 0, tokens: 5, recovery: FAIL }).done;
      if (reading === undefined) throw new Error("no reading");
      expect(reading.outcome).toBe("complete");
      await restart(scene.cluster, () => cutAppends(scene.cluster.redis, reading.streamId, 2));
      // A reader that comes at once waits for the end like one of a stream that runs.
      const again = await scene.again(reading, 1);
      expectClean([reading, again]);
      expect(again).toMatchObject({ outcome: "complete", text: reading.text });
    },
    SLOW_MS,
  );

  it(
    "A-68: the owner is dead: a cursor of what was lost is answered with DATA_LOSS, and never spliced",
    async () => {
      const scene = await newScene();
      const { cluster } = scene;
      const { done } = scene.stream({ owner: 0, leaveAfter: 20, tokens: 100, recovery: RESTART });
      const [reading] = await done;
      if (reading === undefined) throw new Error("no reading");
      const [owner] = cluster.replicas;
      if (owner !== undefined) owner.isHeldDown = true;
      await owner?.process.kill();
      await restart(cluster, () => cutAppends(cluster.redis, reading.streamId, 15));
      const last = reading.events.at(-1);
      const cursor = {
        streamId: reading.streamId,
        lastSequence: last?.sequence ?? 0,
        lastWriter: last?.writer ?? 0,
      };
      const resumed = cluster.endpoints(1)[0]?.resume(cursor, new AbortController().signal);
      await eventually(async () => {
        const events = cluster.endpoints(1)[0]?.resume(cursor, new AbortController().signal);
        const error: unknown = await events?.[Symbol.asyncIterator]()
          .next()
          .then(
            () => undefined,
            (reason: unknown) => reason,
          );
        return error instanceof Error && "code" in error && error.code === DATA_LOSS;
      });
      expect(resumed).toBeDefined();
      // Who begins at the start gets one answer, and a whole one.
      const whole: Reading = await scene.again(reading, 1);
      expect(whole.outcome).toBe("complete");
      expect(check([whole]).violations).toEqual([]);
    },
    SLOW_MS,
  );
});
