import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type PeriodRow,
  packAgain,
  packedRows,
  packPeriod,
  visitPeriod,
} from "../../../src/ledger/packed-period.ts";
import { addPicos, addTime, addTo, createSums, storedSums } from "../../../src/ledger/sums.ts";

function rowsOf(packed: Uint8Array): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  visitPeriod(packed, (key, numbers, first, end) => {
    expect(rows.has(key)).toBe(false);
    rows.set(key, [...numbers.slice(first, end)]);
  });
  return rows;
}

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const stored = fc
  .tuple(
    fc.array(number, { maxLength: 200 }),
    fc.uniqueArray(fc.nat(100)),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  )
  .map(([counters, indexes, calls]) =>
    Float64Array.of(
      counters.length,
      ...counters,
      ...indexes.map((index) => index * 2 ** 40 + calls * 511),
    ),
  );
const keys = fc.oneof(
  fc.string({ unit: "grapheme" }),
  // Keys of a real ledger differ little.
  fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => `["c${a}","é","m${b}","p"]`),
  fc.string({ minLength: 1_100, maxLength: 1_200 }),
);

it("is read as the same rows, whatever their keys and numbers", () => {
  const rows = fc.array(fc.tuple(keys, stored), { maxLength: 60 });
  fc.assert(
    fc.property(rows, (some) => {
      const all = new Map<string, Float64Array>(some);
      const packed = packPeriod(all);
      expect(packedRows(packed)).toBe(all.size);
      expect(rowsOf(packed)).toEqual(new Map([...all].map(([key, sums]) => [key, [...sums]])));
    }),
  );
});

it("adds later rows to packed ones", () => {
  const sums = (picos: number, ms: number) => {
    const row = createSums();
    addTo(row, "calls", 1);
    addPicos(row, picos);
    addTime(row, ms);
    return storedSums(row);
  };
  const packed = packPeriod([
    ["a", sums(999_999_999_999, 5)],
    ["b", sums(7, 5)],
  ]);
  const again = packAgain(packed, [
    ["a", sums(2, 5)],
    ["c", sums(3, 9)],
  ]);
  const both = createSums();
  addTo(both, "calls", 2);
  addPicos(both, 1_000_000_000_001);
  addTime(both, 5);
  addTime(both, 5);
  expect(rowsOf(again)).toEqual(
    new Map([
      ["a", [...storedSums(both)]],
      ["b", [...sums(7, 5)]],
      ["c", [...sums(3, 9)]],
    ]),
  );
});

it("has less than a quarter of the bytes of its rows", () => {
  const rows = Array.from({ length: 1_000 }, (_, index): PeriodRow => {
    const row = createSums();
    addTo(row, "calls", 200);
    addTo(row, "inputTokens", 200_000 + index);
    addPicos(row, 1_234_567_890_123);
    for (let call = 0; call < 200; call++) addTime(row, 200 * 1.02 ** call);
    const key = ["caller", index % 50, "model", index % 20, "provider", "succeeded", "USD", ""];
    return [JSON.stringify([...key, index]), storedSums(row)];
  });
  const size = rows.reduce((sum, [key, sums]) => sum + key.length + sums.byteLength, 0);
  expect(packPeriod(rows).length).toBeLessThan(size / 4);
});
