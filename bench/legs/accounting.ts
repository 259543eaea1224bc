import type { Pair } from "../in-process.ts";
import type { Leg } from "../scene.ts";

export const accounting: Leg = {
  name: "accounting",
  about: "CPU that tokens and money add to an event whose provider reports its usage",
  async run(scene) {
    const { event, estimates } = await scene.measure("accounting.ts");
    return [
      {
        figure: "tokens and money, streamed",
        unit: "µs/event",
        ...(event as Pair),
        bar: { of: "added", most: 1 },
        note: `${estimates} estimates made`,
      },
    ];
  },
};
