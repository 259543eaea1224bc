import { expect, it } from "vitest";
import { costText } from "../../../src/domain/cost.ts";

it.each([
  [0, "USD 0"],
  [1, "USD 0.000000000001"],
  [1_500_000_000, "USD 0.0015"],
  [1_000_000_000_000, "USD 1"],
  [12_340_000_000_000, "USD 12.34"],
  [Number.MAX_SAFE_INTEGER, "USD 9007.199254740991"],
])("%i trillionths are %s", (totalPicos, text) => {
  expect(costText({ currency: "USD", totalPicos })).toBe(text);
});
