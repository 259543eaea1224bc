import { setTimeout as delay } from "node:timers/promises";
import { watchLoad } from "../calls.ts";
import type { Pair } from "../in-process.ts";
import { openChannel } from "../load.ts";
import { median } from "../measure.ts";
import { cpuMicros, type Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

const MANY_WATCHERS = 50;
/** Watchers and none take turns. */
const ROUNDS = 4;
/** The first samples of a watcher have the past. */
const SETTLED_MS = 2_000;

/** Percent of a processor that a process takes in a time. */
async function share({ server }: Served, ms: number): Promise<number> {
  const [before, from] = [cpuMicros(server.pid), performance.now()];
  await delay(ms);
  return (cpuMicros(server.pid) - before) / (performance.now() - from) / 10;
}

/** The share while consoles are open. */
async function watched(gateway: Served, count: number, ms: number): Promise<number> {
  const channel = openChannel(watchLoad(gateway.address));
  const closed = new AbortController();
  const watches = Array.from({ length: count }, () => channel.stream(undefined, closed.signal));
  await delay(SETTLED_MS);
  const value = await share(gateway, ms);
  closed.abort();
  await Promise.all(watches);
  channel.close();
  return value;
}

export const activity: Leg = {
  name: "activity",
  about: "the activity of calls while no console is open, and open consoles",
  async run(scene) {
    const call = (await scene.measure("activity.ts")) as unknown as Pair;
    const gateway = await scene.gateway();
    const slotMs = scene.windowMs / ROUNDS;
    const shares = new Map<number, number[]>([0, 1, MANY_WATCHERS].map((count) => [count, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [count, values] of shares) values.push(await watched(gateway, count, slotMs));
    }
    const of = (count: number): number => median(shares.get(count) ?? []);
    const open = (count: number, most: number): Row => ({
      figure: `idle process, open consoles: ${count}, beside none`,
      unit: "% of a core",
      value: of(count),
      floor: of(0),
      bar: { of: "added", most },
    });
    return [
      {
        figure: "what a call leaves for a console, none open",
        unit: "µs/call",
        ...call,
        bar: { of: "added", most: 0.5 },
        note: "a whole call: see unary",
      },
      open(1, 0.5),
      open(MANY_WATCHERS, 2),
    ];
  },
};
