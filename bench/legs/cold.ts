import { setTimeout as delay } from "node:timers/promises";
import { unaryLoad } from "../calls.ts";
import { callCost } from "../costs.ts";
import { openChannel, run } from "../load.ts";
import { beside } from "../measure.ts";
import { cpuMicros } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg, Scene } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

/** The first start writes the compile cache. */
const FIRST_START_MS = 1_000;
const ROUNDS = 3;
const WIDTH = 32;
/** Calls after readiness at which a window ends. */
const ENDS = [100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;
/** End of the calls that the target is about. */
const FIRST = 1_000;
/** Slots of load between the last window and the steady state. */
const WARM_SLOTS = 4;

/** CPU microseconds of a call in each window after a start, and in the steady state of the same process. */
async function oneLife(
  scene: Scene,
): Promise<{ readonly windows: number[]; readonly steady: number }> {
  const { server, address } = await scene.gateway();
  const load = unaryLoad(address, "bench");
  const channel = openChannel(load);
  const windows: number[] = [];
  let from = 0;
  for (const end of ENDS) {
    const before = cpuMicros(server.pid);
    await run(end - from, WIDTH, channel.unary);
    windows.push((cpuMicros(server.pid) - before) / (end - from));
    from = end;
  }
  channel.close();
  const subject = grpcSubject(server, load);
  await callCost(subject, scene.slotMs * WARM_SLOTS);
  const steady = await callCost(subject, scene.slotMs);
  await server.stop();
  return { windows, steady };
}

/** Cost of the first thousand calls of a life. */
function firstOf(windows: readonly number[]): number {
  let sum = 0;
  let from = 0;
  for (const [index, end] of ENDS.entries()) {
    if (end > FIRST) break;
    sum += (windows[index] ?? Number.NaN) * (end - from);
    from = end;
  }
  return sum / FIRST;
}

export const cold: Leg = {
  name: "cold",
  about: "CPU of the first calls after readiness, in windows, beside the steady state",
  async run(scene) {
    const first = await scene.gateway();
    await delay(FIRST_START_MS);
    await first.server.stop();
    const lives = [];
    for (let round = 0; round < ROUNDS; round++) lives.push(await oneLife(scene));
    const steady = lives.map((life) => life.steady);
    const unit = "µs/call";
    const rows: Row[] = [
      {
        figure: "unary, the first 1,000 calls after readiness, beside steady",
        unit,
        ...beside(
          lives.map(({ windows }) => firstOf(windows)),
          steady,
        ),
        bar: { of: "ratio", most: 1.5 },
        target: "cold",
      },
    ];
    for (const [index, end] of ENDS.entries()) {
      const from = (ENDS[index - 1] ?? 0) + 1;
      rows.push({
        figure: `unary, calls ${from.toLocaleString("en")} to ${end.toLocaleString("en")} after readiness`,
        unit,
        ...beside(
          lives.map(({ windows }) => windows[index] ?? Number.NaN),
          steady,
        ),
      });
    }
    return rows;
  },
};
