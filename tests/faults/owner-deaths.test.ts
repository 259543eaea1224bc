import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { isNightly } from "../support/nightly.ts";
import { eventually } from "../support/stack.ts";
import type { HookPoint } from "./harness/hooks.ts";
import { expectClean, outcomesOf, SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { poisoned } from "./kinds/defects.ts";
import { DEATHS } from "./kinds/processes.ts";

const { RESTART, FAIL } = MidStreamRecovery;
/** Sessions live for 2 s. */
const STOPPED_MS = isNightly ? 30_000 : 6_000;
const newScene = useCluster();

/** Dies there while it writes the stream, once. */
async function armDeath(
  scene: Scene,
  replica: number,
  rid: string,
  at: HookPoint,
  nth: number,
): Promise<void> {
  const { process } = scene.cluster.replicas[replica] ?? {};
  await process?.arm({ id: `${rid}-${at}-${replica}`, request: rid, at, nth, action: "kill" });
}

/** `begun` resolves when the first replica has stored some content of the stream that has this `prepare`. */
function beginning(scene: Scene) {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const prepare = async (request: string): Promise<void> => {
    const [{ process } = {}] = scene.cluster.replicas;
    const id = `${request}-begun`;
    await process?.arm({ id, request, at: "append.after", nth: 3, action: "wait" });
    void process?.hit(id).then(() => {
      process.order({ type: "release", id });
      resolve();
    });
  };
  return { prepare, begun };
}

function takeovers(scene: Scene): number {
  const lines = scene.cluster.replicas.flatMap(({ process }) => process.log);
  return lines.filter(({ event }) => event === "takeover").length;
}

describe("kill -9 of the owner", () => {
  it.each(DEATHS)(
    "at $at, time $nth: with RESTART the whole answer comes",
    async ({ at, nth }) => {
      const scene = await newScene();
      const prepare = (rid: string): Promise<void> => armDeath(scene, 0, rid, at, nth);
      const { done } = scene.stream({ owner: 0, readers: 2, recovery: RESTART, prepare });
      const readings = await done;
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["complete", "complete"]);
    },
    SLOW_MS,
  );

  it(
    "after content: with FAIL the readers hold a typed error behind all that was stored",
    async () => {
      const scene = await newScene();
      const prepare = (rid: string): Promise<void> => armDeath(scene, 0, rid, "append.after", 3);
      const { done } = scene.stream({ owner: 0, readers: 2, recovery: FAIL, prepare });
      const readings = await done;
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["OWNER_LOST", "OWNER_LOST"]);
      // The append before its death was applied, and nobody has seen it before: its end comes behind it.
      expect(readings[0]?.text).not.toBe("");
      expect(readings[0]?.events.length).toBe(readings[1]?.events.length);
    },
    SLOW_MS,
  );

  it(
    "between a claim and its first append: the next replica goes on",
    async () => {
      const scene = await newScene();
      const before = takeovers(scene);
      const claimants = scene.cluster.replicas.slice(1).map(({ process }) => process);
      const exits = claimants.map((process) => process.exits);
      const prepare = async (rid: string): Promise<void> => {
        await armDeath(scene, 0, rid, "append.after", 3);
        await armDeath(scene, 1, rid, "claim.after", 1);
        await armDeath(scene, 2, rid, "claim.after", 1);
      };
      const { done } = scene.stream({ owner: 0, readers: 2, recovery: RESTART, prepare });
      const readings = await done;
      expectClean(readings);
      const outcomes = outcomesOf(readings);
      for (const outcome of outcomes) expect(["complete", "OWNER_LOST"]).toContain(outcome);
      if (outcomes.includes("complete")) return expect(takeovers(scene)).toBeGreaterThan(before);
      // Two lost takeovers are all that the policy grants, and the lines of both died with their replicas.
      for (const [index, process] of claimants.entries())
        expect(process.exits).toBeGreaterThan(exits[index] ?? 0);
    },
    SLOW_MS,
  );

  it(
    "A-57: what a dead replica held is free again by itself",
    async () => {
      const scene = await newScene();
      const { cluster } = scene;
      const held = scene.streams(6, { owner: 0, readers: 1, tokens: 40, recovery: RESTART });
      await delay(300);
      const dead = cluster.replicas[0];
      if (dead !== undefined) dead.isHeldDown = true;
      await dead?.process.kill();
      const readings = (await held).flat();
      expectClean(readings);
      expect(new Set(outcomesOf(readings))).toEqual(new Set(["complete"]));
      const sessions = async (): Promise<unknown> => cluster.redis.command("KEYS", "{steer}:own:*");
      // Two live replicas, and nothing of the third.
      await eventually(async () => {
        const keys = await sessions();
        return Array.isArray(keys) && keys.length <= 2;
      });
    },
    SLOW_MS,
  );
});

describe("an owner that stops for longer than its session", () => {
  it(
    "SIGSTOP for three sessions, then SIGCONT: one continuous stream, and the old owner adds nothing",
    async () => {
      const scene = await newScene();
      const { prepare, begun } = beginning(scene);
      const choice = { owner: 0, readers: 3, tokens: 80, recovery: RESTART };
      const { done } = scene.stream({ ...choice, prepare });
      await begun;
      const { process } = scene.cluster.replicas[0] ?? {};
      process?.signal("SIGSTOP");
      await delay(STOPPED_MS);
      process?.signal("SIGCONT");
      const readings = await done;
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["complete", "complete", "complete"]);
      await eventually(() => process?.log.some(({ event }) => event === "stream lost") === true);
    },
    SLOW_MS,
  );
});

describe("three claimants at once", () => {
  it(
    "have one winner, and the stream goes on once",
    async () => {
      const scene = await newScene();
      const { replicas, provider } = scene.cluster;
      const { prepare, begun } = beginning(scene);
      const choice = { owner: 0, readers: 3, recovery: RESTART, tokens: 60 };
      const { rid, done } = scene.stream({ ...choice, prepare });
      await begun;
      await replicas[0]?.process.kill();
      await scene.cluster.revive(0);
      const barrier = replicas.map(({ process }, index) => {
        const id = `${rid}-${index}`;
        void process.arm({ id, request: rid, at: "claim.before", nth: 1, action: "wait" });
        return Promise.race([process.hit(id), delay(3_500)]).then(() => ({ process, id }));
      });
      for (const { process, id } of await Promise.all(barrier))
        process.order({ type: "release", id });
      const readings = await done;
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["complete", "complete", "complete"]);
      // The lost owner's call and the winner's.
      expect((await provider.figures()).callsOf[rid]).toBe(2);
    },
    SLOW_MS,
  );
});

describe("a request that kills every replica it reaches", () => {
  it(
    "is given up after two takeovers",
    async () => {
      const scene = await newScene();
      const { replicas } = scene.cluster;
      const exits = () => replicas.reduce((sum, { process }) => sum + process.exits, 0);
      const before = exits();
      const poison = { at: "provider.before", nth: 1, action: "kill" } as const;
      const readings = await poisoned(scene, poison);
      const rid = readings[0]?.rid ?? "";
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["OWNER_LOST"]);
      expect((await scene.cluster.provider.figures()).callsOf[rid]).toBeUndefined();
      expect(exits() - before).toBe(3);
    },
    SLOW_MS,
  );
});
