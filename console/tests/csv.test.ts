import { create } from "@bufbuild/protobuf";
import { UsageRowSchema } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { describe, expect, it } from "vitest";
import { toCsv } from "../src/parts/csv.ts";
import { usageCsv } from "../src/views/usage/usage-csv.ts";

describe("CSV", () => {
  it("quotes by RFC 4180", () => {
    expect(toCsv([["a", 'b"c', "d,e", "f\ng", 1, 2n, undefined]])).toBe(
      'a,"b""c","d,e","f\ng",1,2,\r\n',
    );
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(1)"])(
    "has no formula made of the name %j",
    (name) => {
      expect(toCsv([[name]]).replace(/^"/, "")).toMatch(/^'/);
    },
  );

  it("has numbers as they are", () => {
    expect(toCsv([[-1, -2n]])).toBe("-1,-2\r\n");
  });
});

it("the CSV of usage has exact amounts, and a column for each currency", () => {
  const rows = [
    create(UsageRowSchema, {
      startTime: { seconds: 3_600n },
      group: ["=cmd"],
      calls: 2n,
      costs: [{ currencyCode: "USD", units: 1_000n, picos: 1n }],
    }),
    create(UsageRowSchema, {
      startTime: { seconds: 7_200n },
      group: [""],
      costs: [{ currencyCode: "EUR", units: 0n, picos: 500_000_000_000n }],
    }),
  ];
  const [head = "", first = "", second = ""] = usageCsv(rows, "caller").split("\r\n");
  expect(head.split(",").slice(0, 3)).toEqual(["start", "caller", "calls"]);
  expect(head.split(",").slice(-2)).toEqual(["cost_eur", "cost_usd"]);
  expect(first.split(",").slice(0, 3)).toEqual(["1970-01-01T01:00:00.000Z", "'=cmd", "2"]);
  expect(first.split(",").slice(-2)).toEqual(["", "1000.000000000001"]);
  expect(second.split(",").slice(-2)).toEqual(["0.50", ""]);
});
