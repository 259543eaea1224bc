import { unaryLoad } from "../calls.ts";
import { callCost } from "../costs.ts";
import type { Pair } from "../in-process.ts";
import { pair } from "../measure.ts";
import type { Served } from "../processes.ts";
import { keyOf, type Leg } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

const MANY = 10_000;
const ROUNDS = 9;

export const callers: Leg = {
  name: "callers",
  about: "CPU that the key of one of many callers adds to a unary call",
  async run(scene) {
    const [many, one] = [
      await scene.gateway({}, { callers: MANY }),
      await scene.gateway({}, { callers: 1 }),
    ];
    const costOf = ({ server, address }: Served, caller: number) =>
      callCost(grpcSubject(server, unaryLoad(address, "simulator", keyOf(caller))), scene.slotMs);
    const cost = await pair(
      // The last caller: a linear search would find it at the end.
      () => costOf(many, MANY - 1),
      () => costOf(one, 0),
      ROUNDS,
    );
    const { lookUp } = (await scene.measure("authenticate.ts")) as Readonly<Record<string, Pair>>;
    if (lookUp === undefined) throw new Error("no figure of look-ups");
    const stored = (await scene.measure("stored-keys.ts")) as Readonly<Record<string, Pair>>;
    if (stored["lookUp"] === undefined || stored["mebibytes"] === undefined) {
      throw new Error("no figures of stored keys");
    }
    const whose = `one of ${MANY.toLocaleString("en")} callers, beside the only one`;
    return [
      {
        figure: "look-up of one of 100,000 keys that were made at run time, beside the only one",
        unit: "µs/call",
        ...stored["lookUp"],
        bar: { of: "value", most: 1 },
      },
      {
        figure: "memory of 100,000 such keys, each of a caller of its own",
        unit: "MiB",
        ...stored["mebibytes"],
        bar: { of: "value", most: 64 },
      },
      {
        figure: `look-up of the key of ${whose}`,
        unit: "µs/call",
        ...lookUp,
        bar: { of: "added", most: 1 },
        target: "growth",
      },
      {
        figure: `unary by ${whose}`,
        unit: "µs/call",
        ...cost,
        bar: { of: "added", most: 1 },
        note: "a round is some percent off, and the look-up is half a percent of a call",
      },
    ];
  },
};
