import { expect, it } from "vitest";
import { beside, interleave } from "../../../bench/measure.ts";

it("goes through the names forwards and backwards in turn", async () => {
  const order: string[] = [];
  const measured = (name: string) => async () => order.push(name);
  const values = await interleave({ a: measured("a"), b: measured("b"), c: measured("c") }, 2);
  expect(order).toEqual(["a", "b", "c", "c", "b", "a"]);
  expect(values).toEqual({ a: [1, 6], b: [2, 5], c: [3, 4] });
});

it("shows the round with the middle ratio, whatever its values, and keeps all rounds", () => {
  const [value, floor] = [
    [100, 30, 80],
    [20, 10, 20],
  ];
  expect(beside(value ?? [], floor ?? [])).toEqual({
    value: 80,
    floor: 20,
    rounds: { value: [100, 30, 80], floor: [20, 10, 20] },
  });
});

it("refuses a round without a figure", () => {
  expect(() => beside([1, Number.NaN], [1, 1])).toThrow("a round has no figure");
  expect(() => beside([1, 2], [1, Number.POSITIVE_INFINITY])).toThrow("a round has no figure");
});
