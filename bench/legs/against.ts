import { streamLoad, unaryLoad } from "../calls.ts";
import { callCost, eventCost } from "../costs.ts";
import { pair } from "../measure.ts";
import type { Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

/** One round has some percent of noise, and drifts of a shared machine last for seconds. */
const ROUNDS = 11;

interface Figure {
  readonly figure: string;
  readonly unit: string;
  cost(gateway: Served, ms: number): Promise<number>;
}

function streamed(kind: string, model: string, ephemeral: boolean): Figure {
  return {
    figure: `streamed event, ${kind}`,
    unit: "µs/event",
    cost: ({ server, address }, ms) =>
      eventCost(grpcSubject(server, streamLoad(address, model, { ephemeral })), ms),
  };
}

const FIGURES: readonly Figure[] = [
  {
    figure: "unary, OpenAI adapter",
    unit: "µs/call",
    cost: ({ server, address }, ms) =>
      callCost(grpcSubject(server, unaryLoad(address, "bench")), ms),
  },
  streamed("ephemeral", "bench", true),
  streamed("stored in memory", "bench", false),
];

/** Compares this checkout with the one in `folder`: the floor is the other gateway. */
export function against(folder: string): Leg {
  return {
    name: "against",
    about: `the gateway beside the one of ${folder}, in turn`,
    async run(scene) {
      const mine = await scene.gateway();
      const other = await scene.gateway({}, { checkout: folder });
      const rows: Row[] = [];
      for (const { figure, unit, cost } of FIGURES) {
        const costs = await pair(
          () => cost(mine, scene.slotMs),
          () => cost(other, scene.slotMs),
          ROUNDS,
        );
        rows.push({ figure, unit, ...costs });
      }
      return rows;
    },
  };
}
