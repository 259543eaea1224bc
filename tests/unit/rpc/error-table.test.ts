import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/service/steer/v1/error_pb.ts";
import { Code, errorRow } from "../../../src/domain/error-table.ts";
import { categoryOf, kindOf } from "../../../src/rpc/error-category.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/api.md"), "utf8");
const PUSHBACK = {
  unsaid: "none",
  never: "-1: no automatic retry",
  hint: "the provider's hint, otherwise -1",
  soon: "a short wait: nothing was executed",
} as const;

/** Rows of the page's table, by category. */
const rows = new Map(
  Array.from(
    PAGE.matchAll(/^\| `([A-Z_]+)` \| ([A-Z_]+) \| `([A-Z_]+)` \| (yes|no) \| (.*) \|$/gm),
    ([, category = "", ...row]) => [category, row] as const,
  ),
);

const categories = Object.keys(ErrorCategory).filter(
  (name) => Number.isNaN(Number(name)) && name !== "UNSPECIFIED",
);

describe("errorRow", () => {
  it("has a row for each category, as the page tells callers", () => {
    expect([...rows.keys()].toSorted()).toEqual(categories.toSorted());
  });

  it.each([...rows])("%s", (name, [code, reason, retryable, pushback]) => {
    const category = ErrorCategory[name as keyof typeof ErrorCategory];
    const kind = kindOf(category);
    if (kind === undefined) throw new Error(`no kind of ${name}`);
    const row = errorRow(kind, undefined);
    expect(categoryOf(kind)).toBe(category);
    expect({ ...row, pushback: PUSHBACK[row.pushback] }).toEqual({
      code,
      reason,
      retryable: retryable === "yes",
      pushback,
    });
    // A reason of its own changes nothing else.
    expect(errorRow(kind, "ORIGIN_NOT_ALLOWED")).toEqual({ ...row, reason: "ORIGIN_NOT_ALLOWED" });
  });

  it.each([
    ["validation", "FAULTS_DISABLED", "FAILED_PRECONDITION", false],
    ["validation", "STREAM_NOT_RESUMABLE", "FAILED_PRECONDITION", false],
    ["validation", "SEQUENCE_AHEAD", "OUT_OF_RANGE", false],
    ["validation", "RESULT_NOT_KEPT", "FAILED_PRECONDITION", false],
    ["validation", "OUTPUT_DISCARDED", "FAILED_PRECONDITION", false],
    ["validation", "PROVIDER_COUNT_UNAVAILABLE", "FAILED_PRECONDITION", false],
    ["total-timeout", "DELIVERY_DEADLINE", "DEADLINE_EXCEEDED", true],
  ] as const)("%s as %s is %s", (kind, reason, code, retryable) => {
    expect(errorRow(kind, reason)).toMatchObject({ reason, code, retryable });
  });
});

it("knows no kind of a category that this version does not have", () => {
  expect(kindOf(ErrorCategory.UNSPECIFIED)).toBeUndefined();
  expect(kindOf(9_999 as never)).toBeUndefined();
});

it("codes have the numbers of google.rpc.Code", () => {
  expect(Object.values(Code)).toEqual(Array.from({ length: 17 }, (_, code) => code));
});
