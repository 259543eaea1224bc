import { streamCost, streamLoad } from "../calls.ts";
import { pair } from "../measure.ts";
import type { Row } from "../report.ts";
import { type Leg, type Scene, STORES, type StoreName } from "../scene.ts";

/** Bars in microseconds that storing an event may add to an ephemeral event. */
const MOST: Readonly<Record<StoreName, number | undefined>> = {
  memory: 2,
  sqlite: undefined,
  redis: 15,
};

async function costOf(scene: Scene, name: StoreName): Promise<Row> {
  const gateway = await scene.gateway({ STEER_STREAM_STORE: await scene.store(name) });
  const { address } = gateway;
  const cost = await pair(
    () => streamCost(gateway, streamLoad(address, "bench")),
    () => streamCost(gateway, streamLoad(address, "bench", { ephemeral: true })),
  );
  await gateway.server.stop();
  const most = MOST[name];
  return {
    figure: `event stored in ${name} beside an ephemeral one`,
    unit: "µs/event",
    ...cost,
    ...(most !== undefined && { bar: { of: "added", most } }),
  };
}

export const stores: Leg = {
  name: "stores",
  about: "CPU that storing an event adds to the direct path, by store",
  needsRedis: true,
  async run(scene) {
    const rows: Row[] = [];
    for (const name of STORES) rows.push(await costOf(scene, name));
    return rows;
  },
};
