import { describe, expect, it } from "vitest";
import type { UsageInterval } from "../../../src/domain/usage-report.ts";
import { intervalOf, periodsOf } from "../../../src/ledger/periods.ts";

const at = (text: string): number => Date.parse(`${text}Z`);

/** `d27` is the day, `h26T22` an hour of it. */
function periods(
  from: string,
  to: string,
  interval: UsageInterval,
  hoursFrom = "1970-01-01T00:00",
) {
  const found = periodsOf({
    fromMs: at(from),
    toMs: at(to),
    now: at("2028-03-02T10:30"),
    interval,
    hoursFromMs: at(hoursFrom),
  });
  return found.map(({ grain, start }) => {
    const text = new Date(start).toISOString();
    return grain === "day" ? `d${text.slice(8, 10)}` : `h${text.slice(8, 13)}`;
  });
}

describe("the periods of a query", () => {
  it.each([
    ["two hours, outwards", "2028-02-26T22:10", "2028-02-26T23:05", "none", ["h26T22", "h26T23"]],
    [
      "whole days by their sums",
      "2028-02-26T23:00",
      "2028-02-29T00:00",
      "none",
      ["h26T23", "d27", "d28"],
    ],
    [
      "the leap day and the end of a month",
      "2028-02-28T00:00",
      "2028-03-02T00:00",
      "month",
      ["d28", "d29", "d01"],
    ],
    ["hours alone", "2028-02-26T23:00", "2028-02-27T02:00", "hour", ["h26T23", "h27T00", "h27T01"]],
    ["today by its sums", "2028-03-01T23:00", "2028-03-02T10:30", "day", ["h01T23", "d02"]],
    [
      "a part of today",
      "2028-03-02T08:00",
      "2028-03-02T10:30",
      "day",
      ["h02T08", "h02T09", "h02T10"],
    ],
  ] as const)("%s", (_, from, to, interval, expected) => {
    expect(periods(from, to, interval)).toEqual(expected);
  });

  it("are whole days where hours are not kept", () => {
    const folded = "2028-02-27T05:00";
    expect(periods("2028-02-26T22:00", "2028-02-27T03:00", "none", folded)).toEqual(["d26", "d27"]);
    expect(periods("2028-02-27T05:00", "2028-02-27T07:00", "none", folded)).toEqual([
      "h27T05",
      "h27T06",
    ]);
  });
});

it.each([
  ["none", "2028-02-29T23:59:59.999", "2020-01-01T00:00"],
  ["hour", "2028-02-29T23:59:59.999", "2028-02-29T23:00"],
  ["hour", "2028-03-01T00:00", "2028-03-01T00:00"],
  ["day", "2028-02-29T23:59:59.999", "2028-02-29T00:00"],
  ["month", "2028-02-29T23:59:59.999", "2028-02-01T00:00"],
  ["month", "2027-12-31T23:00", "2027-12-01T00:00"],
] as const)("the %s of %s begins at %s", (interval, time, start) => {
  expect(intervalOf(interval, at(time), at("2020-01-01T00:00"))).toBe(at(start));
});
