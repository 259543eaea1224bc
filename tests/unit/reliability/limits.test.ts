import { describe, expect, it } from "vitest";
import {
  attemptLimits,
  type DefaultTimeouts,
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
