import { expect, it } from "vitest";
import { type Bar, judge, tableLine } from "../../../bench/report.ts";

const row = { figure: "event", unit: "µs/event", value: 12, floor: 10 };

it.each<[Bar, boolean]>([
  [{ of: "value", most: 12 }, true],
  [{ of: "value", most: 11.9 }, false],
  [{ of: "value", least: 12.1 }, false],
  [{ of: "ratio", most: 1.2 }, true],
  [{ of: "ratio", most: 1.19 }, false],
  [{ of: "ratio", least: 1.21 }, false],
  [{ of: "added", most: 2 }, true],
  [{ of: "added", most: 1.9 }, false],
])("12 beside 10 with the bar %o: kept is %s", (bar, kept) => {
  expect(judge({ ...row, bar }).kept).toBe(kept);
});

it("a row is a line of a table", () => {
  const bar = { of: "ratio", most: 1.056 } as const;
  expect(tableLine(judge({ ...row, bar, note: "of two" }))).toBe(
    "| event | 12.0 µs/event | 10.0 | 1.20 | 2.00 | ≤ 1.056 × | MISSED | of two |",
  );
});

it("what was not measured has neither a value nor a verdict", () => {
  const skipped = { figure: "peer", unit: "", value: Number.NaN, note: "skipped: no npm" };
  expect(tableLine(judge(skipped))).toBe("| peer | – |  |  |  |  |  | skipped: no npm |");
});
