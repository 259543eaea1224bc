import type { Pair } from "../in-process.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

interface Large {
  readonly wire: number;
  readonly json: number;
  readonly bytes: number;
}

/** Bar: nanoseconds of a scan per byte of a conversation. */
const MOST_NS = 1;
const CONVERSATION = "a conversation of 100 messages of 500 bytes";

export const requests: Leg = {
  name: "requests",
  about: "CPU of a request until its handler has it: the scans, and the largest requests",
  async run(scene) {
    const figures = await scene.measure("requests.ts");
    return Object.entries(figures).flatMap(([name, figure]): readonly Row[] => {
      if (!name.startsWith("large, ")) {
        const bar = name.endsWith(CONVERSATION) && ({ of: "value", most: MOST_NS } as const);
        return [
          { figure: `scan, ${name}`, unit: "ns/byte", ...(figure as Pair), ...(bar && { bar }) },
        ];
      }
      const { wire, json, bytes } = figure as Large;
      const note = `${bytes} bytes`;
      return [
        { figure: `decode and validate ${name}, wire`, unit: "ms", value: wire, note },
        { figure: `decode and validate ${name}, JSON`, unit: "ms", value: json, note },
      ];
    });
  },
};
