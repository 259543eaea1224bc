import { unaryLoad } from "../calls.ts";
import { callCost, warmUp } from "../costs.ts";
import { beside, interleave } from "../measure.ts";
import type { Served } from "../processes.ts";
import { BIFROST_UNARY } from "../ratios-of-202611.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

const BAR = { of: "ratio", most: 2.5 } as const;

export const unary: Leg = {
  name: "unary",
  about: "CPU of a unary call, beside grpc-js that gives the same answer",
  async run(scene) {
    const gateway = await scene.gateway();
    const floor = await scene.floor("unary", gateway);
    const cost = async ({ server, address }: Served, model: string) => {
      const subject = grpcSubject(server, unaryLoad(address, model));
      await warmUp(subject);
      return () => callCost(subject, scene.slotMs);
    };
    const of = await interleave({
      adapter: await cost(gateway, "bench"),
      // The second target exists and is never used.
      twoTargets: await cost(gateway, "twin"),
      floor: await cost(floor, "bench"),
      floorOf202611: await cost(await scene.floorOf202611(gateway), "bench"),
      simulator: await cost(gateway, "simulator"),
      echo: await cost(await scene.floor("echo", gateway, "simulator"), "simulator"),
    });
    const unit = "µs/call";
    return [
      {
        figure: "unary, OpenAI adapter",
        unit,
        ...beside(of.adapter, of.floor),
        bar: BAR,
        target: "unary",
      },
      {
        figure: "unary, OpenAI adapter, beside floor-2026-11",
        unit,
        ...beside(of.adapter, of.floorOf202611),
        bar: { of: "ratio", most: 0.8 * BIFROST_UNARY },
        target: "unary",
        note: `0.8 × Bifrost, which took ${BIFROST_UNARY} × this floor on 2026-11-29`,
      },
      { figure: "unary, two targets", unit, ...beside(of.twoTargets, of.floor), bar: BAR },
      {
        figure: "unary, simulator, beside an echo",
        unit,
        ...beside(of.simulator, of.echo),
        bar: BAR,
      },
    ];
  },
};
