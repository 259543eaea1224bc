import { unaryCost } from "../calls.ts";
import { pair } from "../measure.ts";
import { residentMiB } from "../processes.ts";
import type { Leg } from "../scene.ts";

const BAR = { of: "ratio", most: 2.5 } as const;

export const unary: Leg = {
  name: "unary",
  about: "CPU of a unary call, beside grpc-js that gives the same answer",
  async run(scene) {
    const gateway = await scene.gateway();
    const echo = await scene.floor("echo", gateway);
    const proxy = await scene.floor("unary", gateway);
    const simulator = await pair(
      () => unaryCost(gateway, "simulator"),
      () => unaryCost(echo, "simulator"),
    );
    const adapter = await pair(
      () => unaryCost(gateway, "bench"),
      () => unaryCost(proxy, "bench"),
    );
    // The second target exists and is never used.
    const twoTargets = await pair(
      () => unaryCost(gateway, "twin"),
      () => unaryCost(proxy, "bench"),
    );
    return [
      { figure: "unary, simulator", unit: "µs/call", ...simulator, bar: BAR },
      { figure: "unary, OpenAI adapter", unit: "µs/call", ...adapter, bar: BAR },
      { figure: "unary, two targets", unit: "µs/call", ...twoTargets, bar: BAR },
      { figure: "memory after the load", unit: "MiB", value: residentMiB(gateway.server.pid) },
    ];
  },
};
