// What breaks in a simulation, when, and for how long.
import type { Replica } from "./replica.ts";
import type { World } from "./world.ts";

const KINDS = [
  "kill",
  "kill",
  "kill",
  "pause",
  "pause",
  "drain",
  "drain",
  "outage",
  "outage",
  "partition",
  "partition",
  "disorder",
  "disorder",
  "rollback",
] as const;

type Kind = (typeof KINDS)[number];

/** After a kill or a drain a new replica comes up. */
const RESTART_MS = 6_000;

function victim(world: World): Replica | undefined {
  const usable = world.replicas.filter(
    ({ process, isDraining }) => process.state === "running" && !isDraining,
  );
  const [first, ...others] = usable;
  return first === undefined ? undefined : world.scheduler.dice.pick([first, ...others]);
}

/** Replaces a replica; there is always one that is named. */
function replace(world: World, old: Replica, afterMs: number): void {
  const { scheduler } = world;
  if (world.replicas.length === 1) world.addReplica();
  world.kill(old);
  scheduler.process("nemesis").schedule(afterMs, () => {
    if (world.replicas.length < 3) world.addReplica();
  });
}

function strike(world: World, kind: Kind): void {
  const { scheduler, store, history } = world;
  const { dice } = scheduler;
  const target = victim(world);
  if (target === undefined) return;
  const lasting = (ms: number): number => {
    history.add({ type: "fault", fault: kind, until: scheduler.now + ms });
    world.count(kind);
    return scheduler.now + ms;
  };
  const { process } = target;
  const nemesis = scheduler.process("nemesis");
  switch (kind) {
    case "kill":
      lasting(8_000);
      return replace(world, target, dice.between(100, RESTART_MS));
    case "pause": {
      const ms = dice.between(100, dice.chance(0.5) ? 3_000 : 20_000);
      lasting(ms);
      process.pause();
      return void nemesis.schedule(ms, () => process.resume());
    }
    case "drain":
      lasting(4_000);
      process.schedule(0, () => {
        void target.drain().then(() => replace(world, target, dice.between(0, 1_000)));
      });
      // A drain that takes too long is ended by the process's own limit.
      return void nemesis.schedule(3_000, () => {
        if (process.state === "running") replace(world, target, dice.between(0, 1_000));
      });
    case "outage":
    case "partition": {
      const ms = dice.between(50, dice.chance(0.5) ? 1_500 : 14_000);
      const until = lasting(ms);
      const how = dice.pick(["refused", "requests", "replies"] as const);
      const outage = { until, process: kind === "outage" ? undefined : process, kind: how };
      world.limits.network.fail(outage);
      return store.network.fail(outage);
    }
    case "disorder":
      store.network.disorder = dice.between(0.02, 0.2);
      world.limits.network.disorder = store.network.disorder;
      lasting(6_000);
      return;
    case "rollback": {
      // A store that was away comes back without its last words.
      const ms = dice.between(50, 1_500);
      const until = lasting(ms);
      store.network.fail({ until, process: undefined, kind: "refused" });
      // Who could still know what is lost may be gone as well.
      if (dice.chance(0.5)) replace(world, target, dice.between(100, RESTART_MS));
      const lostMs = dice.between(10, dice.chance(0.5) ? 1_500 : 7_000);
      nemesis.schedule(ms, () => void store.lose(ms + lostMs));
    }
  }
}

/** Plans the faults of a run: within `ms`, all over by then. */
export function unleash(world: World, ms: number): void {
  const { scheduler, provider } = world;
  const { dice } = scheduler;
  if (dice.chance(0.1)) return;
  const nemesis = scheduler.process("nemesis");
  provider.faults = dice.pick([0, 0.1, 0.25]);
  if (dice.chance(0.3)) world.store.network.disorder = dice.between(0.01, 0.15);
  const canLose = dice.chance(0.4);
  for (let left = dice.whole(1, 5); left > 0; left--) {
    const kind = dice.pick(KINDS);
    if (kind === "rollback" && !canLose) continue;
    nemesis.schedule(dice.between(0, ms), () => strike(world, kind));
  }
}

/** Ends everything that is broken. */
export function calmDown(world: World): void {
  world.isCalm = true;
  world.provider.faults = 0;
  world.store.network.heal();
  world.limits.network.heal();
  for (const { process } of world.replicas) process.resume();
  world.history.add({ type: "calm" });
}
