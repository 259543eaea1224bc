import { setTimeout as delay } from "node:timers/promises";
import { unaryLoad } from "../calls.ts";
import { type Channel, openChannel, run } from "../load.ts";
import { cpuMicros, type Server } from "../processes.ts";
import type { Leg } from "../scene.ts";

const SECONDS = 6;
const FEWEST_CALLS = 60;

/** CPU microseconds per call at a fixed rate. */
async function paced(server: Server, channel: Channel, perSecond: number): Promise<number> {
  const calls = Math.max(FEWEST_CALLS, perSecond * SECONDS);
  const before = cpuMicros(server.pid);
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < calls; index++) {
    pending.push(channel.unary());
    await delay(1000 / perSecond);
  }
  await Promise.all(pending);
  return (cpuMicros(server.pid) - before) / calls;
}

export const rates: Leg = {
  name: "rates",
  about: "A-70: CPU of a call at 50 a second beside 5 a second",
  async run(scene) {
    const { server, address } = await scene.gateway();
    const channel = openChannel(unaryLoad(address, "bench"));
    await run(500, 8, channel.unary);
    const floor = await paced(server, channel, 5);
    const value = await paced(server, channel, 50);
    channel.close();
    const figure = "A-70: unary at 50/s beside 5/s";
    return [{ figure, unit: "µs/call", value, floor, bar: { of: "ratio", most: 1.2 } }];
  },
};
