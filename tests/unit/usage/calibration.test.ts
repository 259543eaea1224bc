import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as providerTypes from "../../../src/providers/registry.ts";
import { CORPORA, piecesOf, SAMPLES } from "../../support/corpora.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const LIMIT_MS = 60_000;
const MOST = 0.25;

/** What stands in for a provider that counts by a vocabulary of its own. */
const exact = testCounter(createManualClock());
afterAll(() => exact.close());
const VOCABULARIES = { o200k_base: "gpt-4o", cl100k_base: "gpt-3.5-turbo" } as const;

const counted = (text: string) => ({ text, overhead: 0, isPartial: false });

interface Sample {
  readonly text: string;
  readonly tokens: number;
}

describe.each(Object.entries(VOCABULARIES))("reports by %s", (_, providerModel) => {
  const samples = new Map<string, readonly Sample[]>();
  beforeAll(async () => {
    const model = testModel({ providerModel });
    for (const corpus of CORPORA) {
      const counts = piecesOf(corpus).map(async (text) => {
        const { tokens } = await exact.count(model, counted(text), LIMIT_MS);
        return { text, tokens };
      });
      samples.set(corpus, await Promise.all(counts));
    }
  });

  const of = (corpus: string): readonly Sample[] => samples.get(corpus) ?? [];

  function meanError(counter: ReturnType<typeof testCounter>, model: typeof xai, corpus: string) {
    const unseen = of(corpus).slice(SAMPLES);
    const errors = unseen.map(
      ({ text, tokens }) =>
        Math.abs(counter.estimate(model, counted(text)).tokens - tokens) / tokens,
    );
    return errors.reduce((sum, error) => sum + error, 0) / errors.length;
  }

  const xai = testModel({ providerModel: "own", tokens: providerTypes.xai.tokens });

  it.each(CORPORA)("%s is within a quarter after fifty samples of it", (corpus) => {
    const counter = testCounter(createManualClock());
    for (const { text, tokens } of of(corpus).slice(0, SAMPLES)) {
      counter.learn(xai, counted(text), tokens);
    }
    expect(meanError(counter, xai, corpus)).toBeLessThanOrEqual(MOST);
    expect(counter.errors).toHaveLength(SAMPLES);
  });

  it("every one is, when one model writes them all", () => {
    const counter = testCounter(createManualClock());
    for (let index = 0; index < SAMPLES; index++) {
      for (const corpus of CORPORA) {
        const sample = of(corpus)[index];
        if (sample !== undefined) counter.learn(xai, counted(sample.text), sample.tokens);
      }
    }
    const errors = CORPORA.map((corpus) => [corpus, meanError(counter, xai, corpus)] as const);
    expect(errors.filter(([, error]) => error > MOST)).toEqual([]);
    const recent = counter.errors.slice(-60);
    const measured = recent.reduce((sum, error) => sum + error, 0) / recent.length;
    const { confidence } = counter.estimate(xai, counted("Any text."));
    expect(Math.abs(1 - measured - confidence)).toBeLessThan(0.1);
  });

  it("another model and another provider have learned nothing", () => {
    const counter = testCounter(createManualClock());
    for (const { text, tokens } of of("cjk").slice(0, SAMPLES)) {
      counter.learn(xai, counted(text), tokens * 2);
    }
    const text = counted("港口比小镇醒得更早");
    const [learned, other, elsewhere] = [
      xai,
      testModel({ ...xai, id: "other" }),
      testModel({ ...xai, provider: "elsewhere" }),
    ].map((model) => counter.estimate(model, text));
    expect(learned?.tokens).toBeGreaterThan((other?.tokens ?? 0) * 1.5);
    expect(elsewhere).toEqual(other);
  });
});

describe("bounds of what is learned", () => {
  const model = testModel({ providerModel: "own" });

  it("four reports change nothing, the fifth does", () => {
    const counter = testCounter(createManualClock());
    const text = counted("words of a plain text ".repeat(10));
    const before = counter.estimate(model, text);
    for (let index = 0; index < 4; index++) counter.learn(model, text, before.tokens * 2);
    expect(counter.estimate(model, text)).toEqual(before);
    for (let index = 0; index < 2; index++) counter.learn(model, text, before.tokens * 2);
    expect(counter.estimate(model, text).tokens).toBeGreaterThan(before.tokens * 1.5);
  });

  it("absurd reports move it by a factor of two at most, and to no confidence", () => {
    const counter = testCounter(createManualClock());
    const text = counted("words of a plain text ".repeat(10));
    const before = counter.estimate(model, text);
    for (let index = 0; index < 100; index++) counter.learn(model, text, before.tokens * 1_000);
    const after = counter.estimate(model, text);
    expect(after.tokens).toBeLessThanOrEqual(before.tokens * 2 + 1);
    expect(after.confidence).toBe(0.05);
  });

  it("what is not all text, or too short to tell, is not learned from", () => {
    const counter = testCounter(createManualClock());
    const text = counted("words of a plain text ".repeat(10));
    counter.learn(model, { ...text, isPartial: true }, 40);
    counter.learn(model, text, 0);
    counter.learn(model, counted("Hi"), 2);
    expect(counter.errors).toEqual([]);
  });
});
