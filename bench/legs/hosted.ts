import { pair } from "../measure.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

/** Microseconds that the other process may add to a stored event, on both sides of the socket together. */
const MOST_ADDED = 8;
/** Streams that store events at the same time. Events of one turn of the event loop share their frames' way. */
const WIDTHS = [16, 1];

export const hosted: Leg = {
  name: "hosted",
  about: "CPU that an event costs more in the memory of another process on this host",
  async run(scene) {
    const rows: Row[] = [];
    for (const width of WIDTHS) {
      const costOf = async (where: string): Promise<number> => {
        const given = [where, String(width), String(scene.slotMs), scene.folder];
        return Number((await scene.measure("hosted.ts", ...given))["micros"]);
      };
      const cost = await pair(
        () => costOf("hosted"),
        () => costOf("memory"),
      );
      rows.push({
        figure: `event stored in the memory of another process beside that of its own, ${width} at a time`,
        unit: "µs/event",
        ...cost,
        ...(width > 1 && { bar: { of: "added", most: MOST_ADDED } }),
      });
    }
    return rows;
  },
};
