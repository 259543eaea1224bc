import { unaryCost } from "../calls.ts";
import { pair } from "../measure.ts";
import { keyOf, type Leg } from "../scene.ts";

const MANY = 10_000;
/** The bar is less than a hundredth of what a call costs, and the middle of three rounds is further off than that. */
const ROUNDS = 9;

export const callers: Leg = {
  name: "callers",
  about: "CPU that the key of one of many callers adds to a unary call",
  async run(scene) {
    const [many, one] = [
      await scene.gateway({}, { callers: MANY }),
      await scene.gateway({}, { callers: 1 }),
    ];
    const cost = await pair(
      // The last of them: who looks through a list finds it at the end.
      () => unaryCost(many, "simulator", keyOf(MANY - 1)),
      () => unaryCost(one, "simulator", keyOf(0)),
      ROUNDS,
    );
    const figure = `unary by one of ${MANY.toLocaleString("en")} callers beside the only one`;
    return [{ figure, unit: "µs/call", ...cost, bar: { of: "added", most: 1 } }];
  },
};
