import { describe, expect, it } from "vitest";
import { exactMoney, formatMoney, plainMoney, shortMoney, sumMoney } from "../src/parts/money.ts";

const usd = (units: bigint, picos: bigint) => ({ currencyCode: "USD", units, picos });

describe("money", () => {
  it.each([
    [usd(0n, 0n), "0.00", "0"],
    [usd(0n, 1n), "0.000000000001", "0.000000000001"],
    [usd(0n, 125_000_000n), "0.000125", "0.000125"],
    [usd(0n, 123_456_789_012n), "0.123456789012", "0.123"],
    [usd(0n, 999_999_999_999n), "0.999999999999", "1.00"],
    [usd(12n, 345_000_000_000n), "12.345", "12.35"],
    [usd(1_234_567n, 0n), "1,234,567.00", "1,234,567.00"],
    [
      usd(9_007_199_254_740_993n, 1n),
      "9,007,199,254,740,993.000000000001",
      "9,007,199,254,740,993.00",
    ],
  ])("is exact, and short for the eye: %s", (amount, exact, short) => {
    expect([exactMoney(amount), shortMoney(amount)]).toEqual([exact, short]);
  });

  it("has no groups of digits for programs", () => {
    expect(plainMoney(usd(1_234_567n, 5n))).toBe("1234567.000000000005");
  });

  it("is summed by currency, without losing a trillionth", () => {
    const eur = { currencyCode: "EUR", units: 1n, picos: 5n };
    expect(sumMoney([usd(0n, 999_999_999_999n), eur, usd(0n, 2n)])).toEqual([eur, usd(1n, 1n)]);
    expect(formatMoney([eur, usd(1n, 1n)])).toBe("EUR 1.00 + USD 1.00");
    expect(formatMoney([])).toBe("–");
  });
});
