import { describe, expect, it } from "vitest";
import {
  attemptLimits,
  type DefaultTimeouts,
  isOwnLimit,
  totalLimitMs,
} from "../../../src/reliability/limits.ts";

const defaults: DefaultTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 30_000,
  firstTokenFailoverMs: 10_000,
  idleMs: 31_000,
  reasoningMs: 120_000,
  reasoningFailoverMs: 30_000,
  totalMs: 600_000,
  maxTotalMs: 3_600_000,
};

describe("totalLimitMs", () => {
  it.each([
    ["the default", undefined, undefined, 600_000],
    ["the request", 1_000, undefined, 1_000],
    ["the server's cap", 9_999_999, undefined, 3_600_000],
    ["a long deadline less 100 ms", undefined, 10_000, 9_900],
    ["a short deadline less a tenth", undefined, 500, 450],
    ["the request below the deadline", 1_000, 10_000, 1_000],
    ["a deadline that has passed", undefined, -5, -4.5],
  ])("is %s", (_name, totalMs, callMs, expected) => {
    const timeouts = totalMs === undefined ? {} : { totalMs };
    expect(totalLimitMs(timeouts, defaults, callMs)).toBe(expected);
  });
});

describe("attemptLimits", () => {
  it.each([
    ["a stream", {}, { reasons: false, stream: true }, 30_000, 31_000],
    ["a stream of a model that reasons", {}, { reasons: true, stream: true }, 120_000, 120_000],
    [
      "a unary call: no default first-token limit",
      {},
      { reasons: false, stream: false },
      undefined,
      31_000,
    ],
    [
      "a unary call that asks for one",
      { firstTokenMs: 7 },
      { reasons: false, stream: false },
      7,
      31_000,
    ],
    ["a request's own", { firstTokenMs: 7, idleMs: 8 }, { reasons: true, stream: true }, 7, 8],
  ])("of %s", (_name, timeouts, target, firstTokenMs, idleMs) => {
    const alone = { hasNext: false, probeFirstTokenMs: undefined, splitMs: undefined };
    expect(attemptLimits(timeouts, defaults, { ...alone, ...target })).toMatchObject({
      firstTokenMs,
      idleMs,
    });
  });
});

describe("attemptLimits with another target left", () => {
  const next = {
    reasons: false,
    stream: true,
    hasNext: true,
    probeFirstTokenMs: undefined,
    splitMs: undefined,
  };

  it("are short, so that the other one still has time", () => {
    expect(attemptLimits({}, defaults, next).firstTokenMs).toBe(10_000);
    expect(attemptLimits({}, defaults, { ...next, reasons: true }).firstTokenMs).toBe(30_000);
    expect(attemptLimits({ firstTokenMs: 45_000 }, defaults, next).firstTokenMs).toBe(45_000);
    const late = { ...defaults, firstTokenMs: 5_000 };
    expect(attemptLimits({}, late, next).firstTokenMs).toBe(5_000);
  });

  it("split the rest of a deadline", () => {
    const split = { ...next, stream: false, splitMs: 8_000 };
    expect(attemptLimits({}, defaults, split).attemptMs).toBe(4_000);
    expect(attemptLimits({ attemptMs: 1_000 }, defaults, split).attemptMs).toBe(1_000);
    expect(attemptLimits({ attemptMs: 9_000 }, defaults, split).attemptMs).toBe(4_000);
    // The last target gets all of it.
    expect(attemptLimits({}, defaults, { ...split, hasNext: false }).attemptMs).toBeUndefined();
  });

  it("of a probe are its own where they are shorter", () => {
    const probe = { ...next, hasNext: false, probeFirstTokenMs: 15_000 };
    expect(attemptLimits({}, defaults, probe).firstTokenMs).toBe(15_000);
    expect(attemptLimits({}, defaults, { ...probe, hasNext: true }).firstTokenMs).toBe(10_000);
  });
});

describe("isOwnLimit", () => {
  const none = { firstTokenMs: undefined, idleMs: undefined, attemptMs: undefined };

  it("is one that the request set below the server's", () => {
    const own = (
      timeouts: Parameters<typeof isOwnLimit>[2],
      kind: Parameters<typeof isOwnLimit>[0],
    ) => isOwnLimit(kind, none, timeouts, defaults);
    expect(own({ firstTokenMs: 9_999 }, "first-token-timeout")).toBe(true);
    expect(own({ firstTokenMs: 10_000 }, "first-token-timeout")).toBe(false);
    expect(own({ connectMs: 1 }, "connect-timeout")).toBe(true);
    expect(own({ idleMs: 1 }, "idle-timeout")).toBe(true);
    expect(own({}, "idle-timeout")).toBe(false);
    expect(own({ firstTokenMs: 1 }, "server-error")).toBe(false);
  });

  it("is the attempt's share of a short deadline", () => {
    const split = { ...none, attemptMs: 4_000 };
    expect(isOwnLimit("first-token-timeout", split, {}, defaults)).toBe(true);
    expect(isOwnLimit("idle-timeout", split, {}, defaults)).toBe(true);
    expect(isOwnLimit("network", split, {}, defaults)).toBe(false);
  });
});
