import { describe, expect, it } from "vitest";
import { callerLimits } from "../../../src/config/caller-limits.ts";
import { ConfigProblem, pathText } from "../../../src/config/readers.ts";

const PATH = ["limits", "defaults"];

function mistakeOf(value: unknown): string {
  try {
    callerLimits(value, PATH);
  } catch (error) {
    if (error instanceof ConfigProblem) return `${pathText(error.path)}: ${error.message}`;
    throw error;
  }
  throw new Error("the limits are taken");
}

const RATE = "must be a whole number from 1 and a window: N/s, N/m, N/h or N/d, such as 60/m";
const MONEY = "must be a currency and an amount above 0, up to 1000000, such as USD 5 or USD 0.50";

describe("limits of callers", () => {
  it("are read into rates, money and bounds", () => {
    const limits = callerLimits(
      {
        requests: "60/m",
        burst: "5/s",
        tokens: "200000/h",
        concurrency: 10,
        spend: { day: "USD 5", month: "USD 100.25" },
        models: [{ match: "gpt-*", requests: "10/d" }],
        max_output_tokens: 8_000,
        max_cost_per_call: "EUR 0.000000000001",
        warn_at: 0.8,
        allow_unpriced: true,
      },
      PATH,
    );
    expect(limits).toEqual({
      requests: [
        { amount: 60, windowMs: 60_000 },
        { amount: 5, windowMs: 1_000 },
      ],
      tokens: [{ amount: 200_000, windowMs: 3_600_000 }],
      concurrency: 10,
      spend: [
        { period: "day", currency: "USD", picos: 5e12 },
        { period: "month", currency: "USD", picos: 100.25e12 },
      ],
      narrowed: [{ match: "gpt-*", requests: [{ amount: 10, windowMs: 86_400_000 }] }],
      maxOutputTokens: 8_000,
      maxCostPerCall: { currency: "EUR", picos: 1 },
      warnAt: 0.8,
      allowUnpriced: true,
    });
  });

  it("are none where nothing is given", () => {
    expect(callerLimits({}, PATH)).toEqual({});
  });

  it.each([
    [{ requests: "60/x" }, `limits.defaults.requests: ${RATE}`],
    [{ requests: "0/m" }, `limits.defaults.requests: ${RATE}`],
    [{ burst: "-1/m" }, `limits.defaults.burst: ${RATE}`],
    [{ tokens: "1.5/m" }, `limits.defaults.tokens: ${RATE}`],
    [{ tokens: 60 }, `limits.defaults.tokens: ${RATE}`],
    [{ tokens: "1e3/m" }, `limits.defaults.tokens: ${RATE}`],
    [{ tokens: "1000000000001/m" }, `limits.defaults.tokens: ${RATE}`],
    [{ concurrency: 0 }, "limits.defaults.concurrency: must be a whole number from 1 to"],
    [{ spend: { day: "5" } }, `limits.defaults.spend.day: ${MONEY}`],
    [{ spend: { day: "usd 5" } }, `limits.defaults.spend.day: ${MONEY}`],
    [{ spend: { day: "USD 0.0" } }, `limits.defaults.spend.day: ${MONEY}`],
    [{ spend: { day: "USD -1" } }, `limits.defaults.spend.day: ${MONEY}`],
    [{ spend: { day: "USD 0.0000000000001" } }, `limits.defaults.spend.day: ${MONEY}`],
    [{ spend: { day: "USD 1000000.5" } }, `limits.defaults.spend.day: ${MONEY}`],
    [{ spend: { week: "USD 5" } }, "limits.defaults.spend.week: unknown key"],
    [{ max_cost_per_call: 1 }, `limits.defaults.max_cost_per_call: ${MONEY}`],
    [{ warn_at: 80 }, "limits.defaults.warn_at: must be a number from 0 to 1"],
    [{ models: [{ requests: "1/m" }] }, "limits.defaults.models[0].match: is required"],
    [{ models: [{ match: "a" }] }, "limits.defaults.models[0]: has no limit"],
    [{ request: "1/m" }, "limits.defaults.request: unknown key; did you mean requests?"],
  ])("refuses %o", (value, message) => {
    expect(mistakeOf(value)).toContain(message);
  });
});
