import { describe, expect, it } from "vitest";
import { TokenFit } from "../../../src/usage/token-fit.ts";

const SPREAD = 32;
/** Expected tokens of a text of one script: latin is the first. */
const latin = (tokens: number): readonly number[] => [tokens, 0, 0, 0, 0];

describe("TokenFit", () => {
  it("expects what it was told to, as long as it has learned nothing", () => {
    expect(new TokenFit(SPREAD).tokens([1, 2, 3, 4, 5])).toBe(15);
  });

  it("a short text moves the offset alone", () => {
    const fit = new TokenFit(SPREAD);
    for (let report = 0; report < 50; report++) fit.take(latin(23), 63);
    const offset = fit.tokens(latin(0));
    expect(offset).toBeGreaterThan(35);
    // All of the rest is the text's own.
    expect(fit.tokens(latin(1_000)) - offset).toBeCloseTo(1_000);
  });

  it("a text of 24 tokens moves its script's factor, and no other script's", () => {
    const fit = new TokenFit(0);
    for (let report = 0; report < 50; report++) fit.take(latin(24), 36);
    expect(fit.tokens(latin(1_000))).toBeGreaterThan(1_300);
    expect(fit.tokens([0, 1_000, 0, 0, 0])).toBe(1_000);
    expect(fit.tokens([0, 0, 0, 0, 1_000])).toBe(1_000);
  });

  it("weighs a report by its noise: a tenth of it, and four tokens", () => {
    const fit = new TokenFit(0);
    // The variance of the factor is a quarter: 0.5 squared.
    let [factor, variance] = [1, 0.25];
    for (const [expected, report] of [
      [100, 200],
      [100, 200],
      [400, 300],
      [50, 60],
    ] as const) {
      fit.take(latin(expected), report);
      // A thousandth of the first variance comes back with each report, and never more than it was.
      variance = Math.min(0.25, variance + 0.00025);
      const noise = (0.1 * report) ** 2 + 4 ** 2;
      const all = noise + expected ** 2 * variance;
      factor += (variance * expected * (report - expected * factor)) / all;
      variance -= (variance * expected) ** 2 / all;
      expect(fit.tokens(latin(1_000))).toBeCloseTo(1_000 * factor, 6);
    }
  });

  it("weighs a short text's report by what its writing may cost beside", () => {
    const fit = new TokenFit(SPREAD);
    fit.take(latin(10), 40);
    // 1,024 is the offset's variance, 25 that of ten tokens of the text, 32 the noise.
    const offset = (1_024 * 30) / (1_024 + 25 + 32);
    expect(fit.tokens(latin(0))).toBeCloseTo(offset, 6);
    expect(fit.tokens(latin(100))).toBeCloseTo(offset + 100, 6);
  });

  it("learns of two scripts by their share of a text", () => {
    const fit = new TokenFit(0);
    fit.take([100, 300, 0, 0, 0], 600);
    const noise = 60 ** 2 + 4 ** 2;
    const all = noise + 0.25 * (100 ** 2 + 300 ** 2);
    const moved = (0.25 * 200) / all;
    expect(fit.tokens(latin(1_000))).toBeCloseTo(1_000 * (1 + 100 * moved), 6);
    expect(fit.tokens([0, 1_000, 0, 0, 0])).toBeCloseTo(1_000 * (1 + 300 * moved), 6);
  });

  it("without an offset there is none, however a report differs", () => {
    const fit = new TokenFit(0);
    for (let report = 0; report < 50; report++) fit.take(latin(500), 900);
    expect(fit.tokens(latin(0))).toBe(0);
  });

  it("one report against a hundred moves a part of the way, and a hundred against them all", () => {
    const fit = new TokenFit(0);
    for (let report = 0; report < 100; report++) fit.take(latin(1_000), 1_500);
    const known = fit.tokens(latin(1_000));
    expect(known).toBeGreaterThan(1_450);
    fit.take(latin(1_000), 800);
    expect(known - fit.tokens(latin(1_000))).toBeLessThan(250);
    for (let report = 0; report < 100; report++) fit.take(latin(1_000), 800);
    expect(fit.tokens(latin(1_000))).toBeLessThan(900);
  });

  it("is never less certain than at first, however long nothing is reported of a script", () => {
    const fit = new TokenFit(0);
    for (let report = 0; report < 20_000; report++) fit.take([0, 1_000, 0, 0, 0], 1_000);
    const fresh = new TokenFit(0);
    for (const each of [fit, fresh]) each.take(latin(1_000), 2_000);
    expect(fit.tokens(latin(1_000))).toBeCloseTo(fresh.tokens(latin(1_000)));
  });
});
