import type { Pair } from "../in-process.ts";
import type { Leg } from "../scene.ts";

export const interceptors: Leg = {
  name: "interceptors",
  about: "CPU that the interceptors around every call add to its handler",
  async run(scene) {
    const { call, event } = (await scene.measure("interceptors.ts")) as Readonly<
      Record<string, Pair>
    >;
    if (call === undefined || event === undefined) throw new Error("no figures of interceptors");
    return [
      {
        figure: "interceptors beside the handler, unary",
        unit: "µs/call",
        ...call,
        bar: { of: "added", most: 2 },
      },
      { figure: "interceptors beside the handler, streamed", unit: "µs/event", ...event },
    ];
  },
};
