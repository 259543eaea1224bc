// Replicas that die, stop, hang and come back.
import { setTimeout as delay } from "node:timers/promises";
import type { HookPoint } from "../harness/hooks.ts";
import type { Scene } from "../harness/scene.ts";
import type { Fault } from "./fault.ts";

/** Where an owner can die: before the first event, between events, at the end. */
export const DEATHS: readonly { readonly at: HookPoint; readonly nth: number }[] = [
  { at: "create.before", nth: 1 },
  { at: "create.after", nth: 1 },
  { at: "append.before", nth: 1 },
  { at: "append.before", nth: 5 },
  { at: "append.after", nth: 5 },
  { at: "terminal.before", nth: 1 },
  { at: "terminal.after", nth: 1 },
];

function replicaOf({ cluster }: Scene, index: number) {
  const replica = cluster.replicas[index % cluster.replicas.length];
  if (replica === undefined) throw new Error("no replica");
  return replica;
}

/** The owner dies there, and the next one between its claim and its first append. */
async function killOwner(scene: Scene, owner: number, death: (typeof DEATHS)[number]) {
  const { process } = replicaOf(scene, owner);
  scene.injected++;
  await scene.stream({
    owner,
    prepare: (rid) => process.arm({ id: rid, request: rid, action: "kill", ...death }),
  }).done;
}

export const killedOwner: Fault = {
  id: "F1",
  title: "kill -9 of the owner at hook points",
  async run(scene) {
    const first = Math.floor(Math.random() * DEATHS.length);
    const count = scene.scale.name === "short" ? 2 : DEATHS.length;
    const background = scene.streams();
    // Each death costs a takeover: they come one after the other on different replicas.
    const deaths = Array.from({ length: count }, async (_, step) => {
      await delay(step * 700);
      const death = DEATHS[(first + 3 * step) % DEATHS.length];
      if (death !== undefined) await killOwner(scene, step, death);
    });
    const claimed = scene.stream({
      owner: 2,
      readers: 2,
      async prepare(rid) {
        const kill = { request: rid, action: "kill" } as const;
        const { process } = replicaOf(scene, 2);
        await process.arm({ id: rid, at: "append.after", nth: 8, ...kill });
        for (const index of [0, 1]) {
          const claimant = replicaOf(scene, index).process;
          await claimant.arm({ id: `${rid}-${index}`, at: "claim.after", nth: 1, ...kill });
        }
      },
    });
    scene.injected += 2;
    await Promise.all([background, claimed.done, ...deaths]);
  },
};

export const stoppedOwner: Fault = {
  id: "F2",
  title: "SIGSTOP of the owner beyond its session, then SIGCONT",
  async run(scene) {
    // As long as the table says, where there is time for it.
    const pauseMs =
      scene.scale.name === "short" ? scene.scale.longPauseMs : 10_000 + 20_000 * Math.random();
    const running = scene.streams(scene.scale.streams, {
      tokens: Math.ceil(pauseMs / scene.scale.paceMs / 2),
      owner: 1,
    });
    await scene.underWay();
    const { process } = replicaOf(scene, 1);
    process.signal("SIGSTOP");
    scene.injected++;
    await delay(pauseMs);
    process.signal("SIGCONT");
    await running;
  },
};

export const allKilled: Fault = {
  id: "F3",
  title: "kill -9 of all replicas at once",
  async run(scene) {
    const running = scene.streams();
    await scene.underWay();
    scene.injected++;
    await Promise.all(scene.cluster.replicas.map(({ process }) => process.kill()));
    await running;
  },
};

export const rollingRestart: Fault = {
  id: "F4",
  title: "rolling restart by SIGTERM, hurried by a second one",
  async run(scene) {
    const running = scene.streams(scene.scale.streams, { tokens: scene.scale.tokens * 2 });
    await scene.underWay();
    for (const [index, { process }] of scene.cluster.replicas.entries()) {
      scene.injected++;
      process.signal("SIGTERM");
      await delay(100);
      process.signal("SIGTERM");
      await Promise.race([process.exited(), delay(5_000)]);
      await scene.cluster.revive(index);
    }
    await running;
  },
};

export const claimRace: Fault = {
  id: "F18",
  title: "claimants released together",
  async run(scene) {
    const { replicas } = scene.cluster;
    const { rid, done } = scene.stream({ owner: 0, readers: 2 });
    const released = replicas.map(({ process }, index) => {
      const id = `${rid}-${index}`;
      void process.arm({ id, request: rid, at: "claim.before", nth: 1, action: "wait" });
      return Promise.race([process.hit(id), delay(4_000)]).then(() => ({ process, id }));
    });
    await scene.underWay();
    scene.injected++;
    await replicaOf(scene, 0).process.kill();
    await scene.cluster.revive(0);
    await replicaOf(scene, 0).process.arm({
      id: `${rid}-0`,
      request: rid,
      at: "claim.before",
      nth: 1,
      action: "wait",
    });
    for (const { process, id } of await Promise.all(released)) {
      process.order({ type: "release", id });
    }
    await done;
  },
};

export const clockJump: Fault = {
  id: "F19",
  title: "the clock of one replica jumps an hour, both ways",
  async run(scene) {
    const { process } = replicaOf(scene, 2);
    const running = scene.streams();
    for (const ms of [3_600_000, -3_600_000, 0]) {
      scene.injected++;
      process.order({ type: "jump", ms });
      await delay(150);
    }
    const readings = await running;
    scene.expect(readings.length > 0, "no stream ran through the jump");
  },
};

export const poisonRequest: Fault = {
  id: "F23",
  title: "a request that kills every replica it reaches",
  async run(scene) {
    const poison = (rid: string): Promise<unknown> =>
      Promise.all(
        scene.cluster.replicas.map(({ process }) => {
          const at = { at: "provider.before", nth: 1, action: "kill", isLasting: true } as const;
          return process.arm({ id: rid, request: rid, ...at });
        }),
      );
    const { rid, done } = scene.stream({ owner: 1, tokens: 5, prepare: poison });
    scene.injected++;
    const [reading] = await done;
    const calls = (await scene.cluster.provider.figures()).callsOf[rid] ?? 0;
    scene.expect(calls === 0, "the poisoned request has reached its provider");
    scene.expect(
      reading?.outcome !== "complete" && reading?.reason === "OWNER_LOST",
      `the poisoned request ended as ${reading?.outcome} ${reading?.reason}`,
    );
  },
};

export const blockedLoop: Fault = {
  id: "F24",
  title: "the owner's event loop is blocked",
  async run(scene) {
    const running = scene.streams(scene.scale.streams, { owner: 0 });
    await scene.underWay();
    for (const ms of [scene.scale.shortPauseMs, scene.scale.longPauseMs]) {
      scene.injected++;
      replicaOf(scene, 0).process.order({ type: "block", ms });
      await delay(ms);
    }
    await running;
  },
};
