import type { Pair } from "../in-process.ts";
import type { Leg } from "../scene.ts";

export const engine: Leg = {
  name: "engine",
  about: "CPU that the reliability engine adds to an undisturbed attempt",
  async run(scene) {
    const { call, event } = (await scene.measure("engine.ts")) as Readonly<Record<string, Pair>>;
    if (call === undefined || event === undefined) throw new Error("no figures of the engine");
    return [
      {
        figure: "engine beside a straight attempt, unary",
        unit: "µs/call",
        ...call,
        bar: { of: "added", most: 15 },
      },
      {
        figure: "engine beside a straight attempt, streamed",
        unit: "µs/event",
        ...event,
        bar: { of: "added", most: 0.1 },
      },
    ];
  },
};
