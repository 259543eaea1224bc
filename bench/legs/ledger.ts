import type { Row } from "../report.ts";
import { type Leg, STORES } from "../scene.ts";

export const ledger: Leg = {
  name: "ledger",
  about: "a question to the ledger over 90 days of 50 callers with 20 models, by store",
  needsRedis: true,
  async run(scene) {
    const rows: Row[] = [];
    for (const store of STORES) {
      const figures = await scene.measure("ledger.ts", await scene.store(store));
      for (const [name, question] of [
        ["byModel", "by model"],
        ["byDay", "by day and caller"],
      ] as const) {
        const { ms, cpuMs, longestTurnMs } = figures[name] as Readonly<Record<string, number>>;
        rows.push({
          figure: `usage ${question}, ${store}`,
          unit: "ms CPU",
          value: cpuMs ?? Number.NaN,
          bar: { of: "value", most: 200 },
          note: `with the store's; answered after ${Math.round(ms ?? 0)} ms; longest turn of the event loop ${Math.round(longestTurnMs ?? 0)} ms`,
        });
      }
    }
    return rows;
  },
};
