import type { Pair } from "../in-process.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

export const json: Leg = {
  name: "json",
  about: "CPU of reading JSON as it streams, by mode and length of the document",
  async run(scene) {
    const figures = await scene.measure("json.ts");
    const of = (name: string): Pair => figures[name] as Pair;
    return ["values", "patches"].flatMap((mode): readonly Row[] => [
      {
        figure: `JSON as ${mode}, 1 MB`,
        unit: "µs/chunk of 20 bytes",
        ...of(`${mode} whole`),
        bar: { of: "value", most: 1 },
      },
      {
        // Compared with a document of a fortieth of its length: quadratic work would cost forty times as much.
        figure: `JSON as ${mode}, 4 MB beside 100 kB`,
        unit: "µs/chunk of 20 bytes",
        value: of(`${mode} large`).value,
        floor: of(`${mode} small`).value,
        bar: { of: "ratio", most: 2 },
      },
    ]);
  },
};
