import { setTimeout as delay } from "node:timers/promises";
import { residentMiB } from "../processes.ts";
import type { Leg } from "../scene.ts";

/** The first start writes the compile cache. */
const FIRST_START_MS = 1_000;
const SECOND_START_MS = 2_000;

export const memory: Leg = {
  name: "memory",
  about: "resident memory of an idle gateway on its second start",
  async run(scene) {
    const env = { STEER_CONFIG: "" };
    const first = await scene.gateway(env);
    await delay(FIRST_START_MS);
    await first.server.stop();
    const { server } = await scene.gateway(env);
    await delay(SECOND_START_MS);
    const value = residentMiB(server.pid);
    return [
      { figure: "idle memory, second start", unit: "MiB", value, bar: { of: "value", most: 120 } },
    ];
  },
};
