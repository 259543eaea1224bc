import { firstTokenMs, streamCost, streamLoad } from "../calls.ts";
import { pair } from "../measure.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

export const stream: Leg = {
  name: "stream",
  about: "CPU of a streamed event from SSE to client, and the time added to the first",
  async run(scene) {
    const gateway = await scene.gateway();
    const floor = await scene.floor("stream");
    const least = streamLoad(floor.address, "bench");
    const rows: Row[] = [];
    for (const ephemeral of [true, false]) {
      const kind = ephemeral ? "ephemeral" : "stored in memory";
      const load = streamLoad(gateway.address, "bench", { ephemeral });
      const cost = await pair(
        () => streamCost(gateway, load),
        () => streamCost(floor, least),
      );
      const figure = `streamed event, ${kind}`;
      rows.push({ figure, unit: "µs/event", ...cost, bar: { of: "ratio", most: 1.6 } });
      const first = await pair(
        () => firstTokenMs(load),
        () => firstTokenMs(least),
      );
      rows.push({
        figure: `time to the first token p50, ${kind}`,
        unit: "ms",
        ...first,
        bar: { of: "added", most: 2 },
      });
    }
    return rows;
  },
};
