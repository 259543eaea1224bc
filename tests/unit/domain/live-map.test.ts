import fc from "fast-check";
import { expect, it } from "vitest";
import { LiveMap } from "../../../src/domain/live-map.ts";

const step = fc.record({ key: fc.nat({ max: 5 }), isDelete: fc.boolean() });

it("is a map, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const live = new LiveMap<number, object>();
      const map = new Map<number, object>();
      for (const [at, { key, isDelete }] of steps.entries()) {
        if (isDelete) expect(live.delete(key)).toBe(map.delete(key));
        else {
          live.set(key, { at });
          map.set(key, { at });
        }
        expect(live.entries()).toEqual([...map]);
        expect(live.values()).toEqual([...map.values()]);
        expect([live.size, live.has(key), live.get(key)]).toEqual([
          map.size,
          map.has(key),
          map.get(key),
        ]);
      }
    }),
  );
});
