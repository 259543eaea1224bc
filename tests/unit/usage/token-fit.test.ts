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
