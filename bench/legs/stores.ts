import { streamLoad } from "../calls.ts";
import { eventCost } from "../costs.ts";
import { pair } from "../measure.ts";
import type { Row } from "../report.ts";
import { type Leg, type Scene, STORES, type StoreName } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

/** Bars in microseconds that storing an event may add to an ephemeral event. */
const MOST: Readonly<Record<StoreName, number | undefined>> = {
  memory: 2,
  sqlite: undefined,
  redis: 15,
};

async function costOf(scene: Scene, name: StoreName): Promise<Row> {
  const { server, address } = await scene.gateway({
    STEER_STREAM_STORE: await scene.store(name),
  });
  const costOf = (ephemeral: boolean) =>
    eventCost(grpcSubject(server, streamLoad(address, "bench", { ephemeral })), scene.slotMs);
  const cost = await pair(
    () => costOf(false),
    () => costOf(true),
  );
  await server.stop();
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
