import type { Pair } from "../in-process.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

/** Bars in microseconds. */
const MOST = { memory: 3, redis: 15 } as const;

export const limits: Leg = {
  name: "limits",
  about: "CPU that the limits of its caller add to a call",
  needsRedis: true,
  async run(scene) {
    const rows: Row[] = [];
    for (const name of ["memory", "redis"] as const) {
      const found = await scene.measure("limits.ts", await scene.store(name));
      const { limited, free } = found as Readonly<Record<string, Pair>>;
      if (limited === undefined || free === undefined) throw new Error("no figure of limits");
      rows.push({
        figure: `four limits, reserved and settled, ${name}`,
        unit: "µs/call",
        ...limited,
        bar: { of: "added", most: MOST[name] },
        ...(name === "redis" && { note: "beside a bare PING" }),
      });
      if (name === "redis") continue;
      rows.push({
        figure: "caller without limits",
        unit: "µs/call",
        ...free,
        bar: { of: "added", most: 0.2 },
      });
    }
    return rows;
  },
};
