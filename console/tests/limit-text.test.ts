import { create } from "@bufbuild/protobuf";
import { CallerLimitsSchema } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { describe, expect, it } from "vitest";
import {
  LimitError,
  limitsLine,
  NO_LIMITS,
  parseLimits,
  toLimitTexts,
} from "../src/views/callers/limit-text.ts";

const TEXTS = {
  requests: "60/m, 1000/h",
  tokens: "200000/m",
  concurrency: "10",
  spend: "USD 5.25/day, EUR 100/total",
  maxOutputTokens: "8000",
  maxCostPerCall: "USD 0.000001",
  warnAt: "0.8",
};

describe("limits as text", () => {
  it("come back as they were written", () => {
    const limits = create(CallerLimitsSchema, parseLimits(TEXTS, undefined));
    expect(toLimitTexts(limits)).toEqual(TEXTS);
    expect(limitsLine(limits)).toContain("60/m, 1000/h requests; 200000/m tokens; 10 at a time");
  });

  it("keep a window without a unit of its own", () => {
    const limits = create(
      CallerLimitsSchema,
      parseLimits({ ...NO_LIMITS, requests: "5/90s" }, undefined),
    );
    expect(toLimitTexts(limits).requests).toBe("5/90s");
  });

  it("keep what the fields do not show", () => {
    const before = create(CallerLimitsSchema, {
      allowUnpriced: true,
      narrowed: [{ match: "gpt-*", limits: { concurrency: 1 } }],
    });
    const after = create(CallerLimitsSchema, parseLimits(NO_LIMITS, before));
    expect(after.narrowed).toEqual(before.narrowed);
    expect(after.allowUnpriced).toBe(true);
    expect(parseLimits(NO_LIMITS, undefined)).toBeUndefined();
  });

  it.each([
    ["requests", "60"],
    ["requests", "0/m"],
    ["tokens", "10/y"],
    ["spend", "5/day"],
    ["spend", "USD 5"],
    ["spend", "USD 0/day"],
    ["spend", "USD 100000/day"],
    ["concurrency", "1.5"],
    ["maxCostPerCall", "USD"],
    ["warnAt", "2"],
  ])("refuse a mistake: %s %s", (field, text) => {
    expect(() => parseLimits({ ...NO_LIMITS, [field]: text }, undefined)).toThrow(LimitError);
  });
});
