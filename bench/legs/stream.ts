import { streamLoad } from "../calls.ts";
import { eventCost } from "../costs.ts";
import type { Load } from "../load.ts";
import { beside, interleave } from "../measure.ts";
import type { Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

export const stream: Leg = {
  name: "stream",
  about: "CPU of an event from SSE to client, in streams that come as fast as they can",
  async run(scene) {
    const gateway = await scene.gateway();
    const floor = await scene.floor("stream");
    const old = await scene.floorOf202611();
    const cost = ({ server }: Served, load: Load) => {
      const subject = grpcSubject(server, load);
      return () => eventCost(subject, scene.slotMs);
    };
    const of = await interleave({
      ephemeral: cost(gateway, streamLoad(gateway.address, "bench", { ephemeral: true })),
      stored: cost(gateway, streamLoad(gateway.address, "bench")),
      floor: cost(floor, streamLoad(floor.address, "bench")),
      old: cost(old, streamLoad(old.address, "bench")),
    });
    const unit = "µs/event";
    const rows: Row[] = [
      {
        figure: "streamed event, stored in memory",
        unit,
        ...beside(of.stored, of.floor),
        bar: { of: "ratio", most: 1.4 },
        target: "event",
      },
      { figure: "streamed event, ephemeral", unit, ...beside(of.ephemeral, of.floor) },
      {
        figure: "streamed event, stored in memory, beside floor-2026-11",
        unit,
        ...beside(of.stored, of.old),
      },
      {
        figure: "streamed event, ephemeral, beside floor-2026-11",
        unit,
        ...beside(of.ephemeral, of.old),
        bar: { of: "ratio", most: 1.6 },
      },
    ];
    return rows;
  },
};
