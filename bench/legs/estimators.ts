import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

export const estimators: Leg = {
  name: "estimators",
  about: "mean error of each estimator of tokens, by kind of text",
  async run(scene) {
    const errors = (await scene.measure("estimators.ts")) as Record<string, Record<string, number>>;
    return Object.entries(errors).map(([name, of]): Row => {
      const note = Object.entries(of).map(([corpus, error]) => `${corpus} ${Math.round(error)}`);
      return {
        figure: `tokens by ${name}: error of the kind of text it knows least`,
        unit: "%",
        value: Math.max(...Object.values(of)),
        ...(name === "script-v1" && { bar: { of: "value", most: 25 } }),
        note: note.join(", "),
      };
    });
  },
};
