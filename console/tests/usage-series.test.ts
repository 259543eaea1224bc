import { create } from "@bufbuild/protobuf";
import { UsageRowSchema } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { describe, expect, it } from "vitest";
import { measured, periodsBetween, toSeries } from "../src/views/usage/usage-series.ts";

const row = (start: number, name: string, calls: number) =>
  create(UsageRowSchema, {
    startTime: { seconds: BigInt(start) },
    group: [name],
    calls: BigInt(calls),
  });

describe("series of usage", () => {
  it("have a value for each period, the largest group first", () => {
    const series = toSeries({
      rows: [row(0, "a", 1), row(3_600, "b", 5), row(7_200, "", 2)],
      times: [0, 3_600, 7_200],
      read: ({ calls }) => Number(calls),
    });
    expect(series).toEqual([
      { label: "b", values: [0, 5, 0] },
      { label: "(none)", values: [0, 0, 2] },
      { label: "a", values: [1, 0, 0] },
    ]);
  });

  it("are eight at most: the smallest groups are one", () => {
    const rows = Array.from({ length: 20 }, (_, index) => row(0, `g${index}`, 100 - index));
    const series = toSeries({ rows, times: [0], read: ({ calls }) => Number(calls) });
    expect(series.map(({ label }) => label)).toEqual([
      ..."0123456".split("").map((digit) => `g${digit}`),
      "all others",
    ]);
    const sum = series.reduce((all, { values }) => all + (values[0] ?? 0), 0);
    expect(sum).toBe(rows.reduce((all, { calls }) => all + Number(calls), 0));
  });

  it("are of one currency", () => {
    const paid = create(UsageRowSchema, {
      costs: [
        { currencyCode: "USD", units: 1n, picos: 500_000_000_000n },
        { currencyCode: "EUR", units: 7n },
      ],
    });
    expect(measured(paid, "cost", "USD")).toBe(1.5);
  });

  it("begin at full periods", () => {
    expect(periodsBetween(3_700, 10_800, 3_600)).toEqual([3_600, 7_200]);
    expect(periodsBetween(0, 0, 3_600)).toEqual([]);
  });
});
