import fc from "fast-check";
import { expect, it } from "vitest";
import { LiveList } from "../../../src/domain/live-list.ts";

it("has the values of a set, in its order, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (steps) => {
      const list = new LiveList<number>();
      const set = new Set<number>();
      const leave = new Map<number, () => boolean>();
      for (const value of steps) {
        if (set.has(value)) expect(leave.get(value)?.()).toBe(set.delete(value));
        else {
          leave.set(value, list.add(value));
          set.add(value);
        }
        expect(list.values()).toEqual([...set]);
        expect(list.size).toBe(set.size);
      }
    }),
  );
});

it("removes a value once, and only that one of two that are equal", () => {
  const list = new LiveList<string>();
  const leave = list.add("a");
  list.add("a");
  expect([leave(), leave()]).toEqual([true, false]);
  expect(list.values()).toEqual(["a"]);
});
