import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDistance,
  formatMs,
  formatRate,
  formatShare,
  formatShort,
  formatTime,
  toMs,
} from "../src/parts/formats.ts";

describe("durations", () => {
  it.each([
    [undefined, "–"],
    [0, "0 ms"],
    [0.44, "0.4 ms"],
    [349.6, "350 ms"],
    [999.6, "1 s"],
    [1_540, "1.5 s"],
    [9_960, "10 s"],
    [59_600, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_900, "1 h"],
    [12_000_000, "3 h 20 min"],
    [86_400_000 * 4 + 7_200_000, "4 d 2 h"],
  ])("of %s ms are %s", (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it("of the contract keep their nanoseconds", () => {
    expect(toMs({ seconds: 2n, nanos: 500_000 } as never)).toBe(2_000.5);
    expect(toMs(undefined)).toBeUndefined();
  });
});

it.each([
  [0, "now"],
  [-999, "now"],
  [-12_300, "12 s ago"],
  [61_000, "in 1 min"],
  [-7_200_000, "2 h ago"],
  [-200_000_000, "2 d ago"],
])("a time %s ms away is %s", (ms, text) => {
  expect(formatDistance(1_000_000_000 + ms, 1_000_000_000)).toBe(text);
});

it("times are those of the log", () => {
  expect(formatTime(Date.parse("2026-01-31T12:05:09.999Z"))).toBe("2026-01-31 12:05:09Z");
});

it.each([
  [formatRate(0.001_25), "0.00125"],
  [formatRate(3.14), "3.14"],
  [formatRate(1_250.4), "1,250"],
  [formatRate(Number.NaN), "–"],
  [formatShort(1_234_567n), "1.23M"],
  [formatShare(0.1251), "12.5%"],
  [formatShare(Number.NaN), "–"],
  [formatBytes(1_023), "1023 B"],
  [formatBytes(1_536n), "1.5 KiB"],
  [formatBytes(20 * 1_048_576), "20 MiB"],
])("numbers have few digits: %s", (text, expected) => {
  expect(text).toBe(expected);
});
