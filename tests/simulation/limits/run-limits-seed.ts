// One seed is one run: generations, faults and a border of the calendar, then a calm in which all has to come back.
import { checkBounds, checkCounters } from "./check-limits.ts";
import { CALLERS, type LimitsMutation, LimitsWorld } from "./limits-world.ts";
import { SimulatedGeneration } from "./simulated-generation.ts";

const BUSY_MS = 30_000;
/** Longer than a lost generation keeps its reservation. */
const CALM_MS = 130_000;
const MOST_AT_A_TIME = { caller: 3, group: 5 };
const FAULTS = ["kill", "kill", "pause", "outage", "partition", "disorder"] as const;

export interface LimitsSeedReport {
  readonly seed: number;
  readonly border: string;
  readonly passed: number;
  readonly faults: readonly string[];
  readonly violations: readonly string[];
}

/** Generations that run at a time, seen from outside. With local counts, replicas may run more. */
function checkRunning(world: LimitsWorld, all: readonly SimulatedGeneration[]): void {
  if (world.withoutStore === "local") return;
  const running = all.filter(({ isRunning }) => isRunning);
  if (running.length > MOST_AT_A_TIME.group) {
    world.violations.push(`${running.length} generations of the group run at a time`);
  }
  for (const caller of CALLERS) {
    const own = running.filter((each) => each.caller === caller).length;
    if (own > MOST_AT_A_TIME.caller) world.violations.push(`${own} of ${caller} run at a time`);
  }
}

function addGenerations(world: LimitsWorld): SimulatedGeneration[] {
  const { scheduler, untilBorder } = world;
  const { dice } = scheduler;
  const all: SimulatedGeneration[] = [];
  const begin = (atMs: number): void => {
    const generation = new SimulatedGeneration(world);
    all.push(generation);
    scheduler.process("callers").schedule(atMs, () => {
      const replica = world.pickReplica();
      replica.process.schedule(0, () => void generation.run(replica));
    });
  };
  for (let left = dice.whole(20, 80); left > 0; left--) begin(dice.between(0, BUSY_MS));
  // A burst in the last and in the first millisecond.
  for (let left = dice.whole(0, 6); left > 0; left--) begin(untilBorder + dice.pick([-1, 0, 1]));
  return all;
}

function strike(world: LimitsWorld, all: readonly SimulatedGeneration[], fault: string): void {
  const { scheduler, network } = world;
  const { dice, now } = scheduler;
  const target = world.pickReplica();
  const { process } = target;
  const until = now + dice.between(50, dice.chance(0.5) ? 1_500 : 8_000);
  const kind = dice.pick(["refused", "requests", "replies"] as const);
  switch (fault) {
    case "kill": {
      if (process.state !== "running") return;
      world.addReplica();
      world.kill(target);
      for (const generation of all) if (generation.replica === target) generation.lose();
      return;
    }
    case "pause":
      process.pause();
      return void scheduler.process("nemesis").schedule(dice.between(50, 4_000), () => {
        process.resume();
      });
    case "disorder":
      network.disorder = dice.between(0.02, 0.2);
      return;
    default:
      network.fail({ until, process: fault === "outage" ? undefined : process, kind });
  }
}

export async function runLimitsSeed(
  seed: number,
  mutation?: LimitsMutation,
): Promise<LimitsSeedReport> {
  const world = new LimitsWorld(seed, mutation);
  const { scheduler, network } = world;
  const { dice } = scheduler;
  for (let left = dice.whole(1, 3); left > 0; left--) world.addReplica();
  const all = addGenerations(world);
  const faults: string[] = [];
  for (let left = dice.whole(0, 5); left > 0; left--) {
    scheduler.process("nemesis").schedule(dice.between(0, BUSY_MS), () => {
      const fault = dice.pick(FAULTS);
      faults.push(fault);
      strike(world, all, fault);
    });
  }
  for (let looked = 0; looked < BUSY_MS; looked += 50) {
    await scheduler.runUntil(looked);
    checkRunning(world, all);
  }
  network.heal();
  for (const { process } of world.replicas) process.resume();
  await scheduler.runUntil(BUSY_MS + CALM_MS);
  return {
    seed,
    border: world.border.name,
    passed: world.counted.all.length,
    faults,
    violations: [...world.violations, ...checkBounds(world), ...(await checkCounters(world))],
  };
}
