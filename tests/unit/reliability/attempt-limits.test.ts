import { describe, expect, it } from "vitest";
import {
  type AttemptTarget,
  attemptLimits,
  type DefaultTimeouts,
  isOwnLimit,
  totalLimitMs,
} from "../../../src/reliability/attempt-limits.ts";

const defaults: DefaultTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 30_000,
  firstTokenFailoverMs: 10_000,
  answerFailoverMs: 60_000,
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

const alone: AttemptTarget = {
  reasons: false,
  streams: true,
  hasNext: false,
  probeFirstTokenMs: undefined,
  remainingMs: 600_000,
  usualMs: undefined,
};

describe("attemptLimits", () => {
  it.each([
    ["a stream", {}, {}, 30_000, 31_000],
    ["a stream of a model that reasons", {}, { reasons: true }, 120_000, 120_000],
    ["a whole answer: no default first-token limit", {}, { streams: false }, undefined, 31_000],
    ["a whole answer that has one", { firstTokenMs: 7 }, { streams: false }, 7, 31_000],
    ["a request's own", { firstTokenMs: 7, idleMs: 8 }, { reasons: true }, 7, 8],
    ["what little time is left", {}, { remainingMs: 1_000 }, 30_000, 31_000],
  ])("of %s", (_name, timeouts, target, firstTokenMs, idleMs) => {
    expect(attemptLimits(timeouts, defaults, { ...alone, ...target })).toMatchObject({
      firstTokenMs,
      idleMs,
    });
  });
});

describe("attemptLimits with another target left", () => {
  const next = { ...alone, hasNext: true };
  const firstTokenMs = (
    target: Partial<AttemptTarget>,
    timeouts: Parameters<typeof attemptLimits>[0] = {},
  ) => attemptLimits(timeouts, defaults, { ...next, ...target }).firstTokenMs;

  it("are short, so that the other one still has time", () => {
    expect(attemptLimits({}, defaults, next).firstTokenMs).toBe(10_000);
    expect(attemptLimits({}, defaults, { ...next, reasons: true }).firstTokenMs).toBe(30_000);
    expect(attemptLimits({ firstTokenMs: 45_000 }, defaults, next).firstTokenMs).toBe(45_000);
    const late = { ...defaults, firstTokenMs: 5_000 };
    expect(attemptLimits({}, late, next).firstTokenMs).toBe(5_000);
  });

  it("field:E10 leave the next target as much time as this one had, whatever the call is", () => {
    for (const streams of [true, false]) {
      const late = { streams, remainingMs: 8_000 };
      expect(firstTokenMs(late)).toBe(4_000);
      expect(firstTokenMs(late, { firstTokenMs: 1_000 })).toBe(1_000);
      expect(firstTokenMs(late, { firstTokenMs: 9_000 })).toBe(4_000);
      // An answer that has begun goes on.
      expect(attemptLimits({}, defaults, { ...next, ...late }).attemptMs).toBeUndefined();
    }
    expect(firstTokenMs({ remainingMs: 30_000 })).toBe(10_000);
  });

  it("field:E9 of a whole answer are longer, and grow with what such answers take", () => {
    const whole = { streams: false };
    expect(firstTokenMs(whole)).toBe(60_000);
    expect(firstTokenMs({ ...whole, reasons: true })).toBe(60_000);
    expect(firstTokenMs({ ...whole, usualMs: 20_000 })).toBe(60_000);
    expect(firstTokenMs({ ...whole, usualMs: 50_000 })).toBe(100_000);
    expect(firstTokenMs({ ...whole, usualMs: 50_000, remainingMs: 120_000 })).toBe(60_000);
  });

  it("field:E22 grow with what prompts of that size take", () => {
    expect(firstTokenMs({ usualMs: 4_000 })).toBe(10_000);
    expect(firstTokenMs({ usualMs: 12_000 })).toBe(24_000);
    expect(firstTokenMs({ usualMs: 12_000, remainingMs: 30_000 })).toBe(15_000);
    expect(firstTokenMs({ usualMs: 12_000, probeFirstTokenMs: 15_000 })).toBe(24_000);
    // At the last target the limit stays as it is.
    expect(firstTokenMs({ usualMs: 40_000, hasNext: false })).toBe(30_000);
  });

  it("field:E12 a wait for counts ends before the idle limit", () => {
    expect(attemptLimits({}, defaults, next).usageWaitMs).toBe(2_000);
    expect(attemptLimits({ idleMs: 500 }, defaults, next).usageWaitMs).toBe(250);
  });

  it("of a probe are its own where they are shorter", () => {
    const probe = { ...next, hasNext: false, probeFirstTokenMs: 15_000 };
    expect(attemptLimits({}, defaults, probe).firstTokenMs).toBe(15_000);
    expect(attemptLimits({}, defaults, { ...probe, hasNext: true }).firstTokenMs).toBe(10_000);
  });
});

describe("isOwnLimit", () => {
  const none = {
    firstTokenMs: undefined,
    idleMs: undefined,
    attemptMs: undefined,
    evidenceMs: 10_000,
    usageWaitMs: 2_000,
  };

  it("is one that the request set below the server's", () => {
    const own = (
      timeouts: Parameters<typeof isOwnLimit>[2],
      kind: Parameters<typeof isOwnLimit>[0],
    ) => isOwnLimit(kind, none, timeouts, defaults);
    expect(own({ connectMs: 1 }, "connect-timeout")).toBe(true);
    expect(own({ idleMs: 1 }, "idle-timeout")).toBe(true);
    expect(own({}, "idle-timeout")).toBe(false);
    expect(own({ firstTokenMs: 1 }, "server-error")).toBe(false);
  });

  it.each([
    ["shorter than the server's with another target left", {}, 9_999, true],
    ["as long", {}, 10_000, false],
    ["too short for a prompt that takes its time", { usualMs: 12_000 }, 23_999, true],
    ["long enough for it", { usualMs: 12_000 }, 24_000, false],
    ["too short for a whole answer", { streams: false }, 59_999, true],
    ["too short for a model that reasons", { reasons: true }, 29_999, true],
  ])("a first-token limit %s", (_name, target, firstTokenMs, expected) => {
    const timeouts = { firstTokenMs };
    const limits = attemptLimits(timeouts, defaults, { ...alone, ...target });
    expect(isOwnLimit("first-token-timeout", limits, timeouts, defaults)).toBe(expected);
  });

  it("is the half of a short deadline", () => {
    const short = { ...alone, hasNext: true, remainingMs: 8_000 };
    const limits = attemptLimits({}, defaults, short);
    expect(isOwnLimit("first-token-timeout", limits, {}, defaults)).toBe(true);
  });

  it("is the request's limit of an attempt", () => {
    const split = { ...none, attemptMs: 4_000 };
    expect(isOwnLimit("first-token-timeout", split, {}, defaults)).toBe(true);
    expect(isOwnLimit("idle-timeout", split, {}, defaults)).toBe(true);
    expect(isOwnLimit("network", split, {}, defaults)).toBe(false);
  });
});
