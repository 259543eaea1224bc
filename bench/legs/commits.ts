import type { Row } from "../report.ts";
import { type Leg, STORES, type StoreName } from "../scene.ts";

/** Bars in milliseconds, for the median. */
const MOST: Readonly<Record<StoreName, number>> = { memory: 0.1, sqlite: 1, redis: 1 };

export const commits: Leg = {
  name: "commits",
  about: "time from an event to the acknowledgement of its store",
  needsRedis: true,
  async run(scene) {
    const rows: Row[] = [];
    for (const name of STORES) {
      const found = await scene.measure("commits.ts", await scene.store(name));
      const floor = found["floor"];
      rows.push({
        figure: `commit delay p50, ${name}`,
        unit: "ms",
        value: Number(found["p50"]),
        ...(floor !== undefined && { floor: Number(floor) }),
        bar: { of: "value", most: MOST[name] },
        note: `${Number(found["batch"]).toFixed(1)} events an append`,
      });
      rows.push({ figure: `commit delay p99, ${name}`, unit: "ms", value: Number(found["p99"]) });
    }
    return rows;
  },
};
