import { afterAll, describe, expect, it } from "vitest";
import type { Model } from "../../../src/domain/model.ts";
import type { ProviderType } from "../../../src/providers/provider.ts";
import * as providerTypes from "../../../src/providers/registry.ts";
import { requestText } from "../../../src/usage/counted-text.ts";
import { cutRuns } from "../../../src/usage/cut-runs.ts";
import type { EstimatorChoice } from "../../../src/usage/token-counter.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const LIMIT_MS = 60_000;
const counters = {
  auto: testCounter(createManualClock()),
  character: testCounter(createManualClock(), "character"),
  tiktoken: testCounter(createManualClock(), "tiktoken"),
  script: testCounter(createManualClock(), "script"),
} satisfies Record<EstimatorChoice, unknown>;
afterAll(() => Promise.all(Object.values(counters).map((counter) => counter.close())));

const OLD = testModel({ providerModel: "gpt-3.5-turbo" });
const NEW = testModel({ providerModel: "gpt-4o-mini" });
const text = (value: string) => ({ text: value, overhead: 0, isPartial: false });

const types: Readonly<Record<string, ProviderType>> = providerTypes;

function modelOf(type: string): Model {
  const tokens = types[type]?.tokens;
  return testModel({ providerModel: "own", ...(tokens !== undefined && { tokens }) });
}

/** Text, cl100k, o200k, characters at four a token. */
const TABLE: readonly (readonly [string, number | undefined, number | undefined, number])[] = [
  ["Hello world", 2, 2, 3],
  ["Hello, world!", 4, 4, 3],
  ["The quick brown fox", 4, 4, 5],
  ["import numpy as np", 4, 4, 5],
  ["def main():", 3, 3, 3],
  ["", 0, 0, 0],
  ["🚀🌟✨", 8, 5, 1],
  ["👋🌍", 6, 4, 1],
  ["café", 2, 2, 1],
  ["你好世界", 5, 2, 1],
  ["   ", undefined, undefined, 1],
  ["\n\n", undefined, undefined, 1],
];

describe("the table of expected counts", () => {
  it.each(TABLE)(
    "%j is %s by cl100k, %s by o200k, %i by characters",
    async (value, old, now, chars) => {
      const counted = text(value);
      expect(counters.character.estimate(NEW, counted).tokens).toBe(chars);
      if (old !== undefined) {
        expect(await counters.auto.count(OLD, counted, LIMIT_MS)).toEqual({
          tokens: old,
          estimator: "cl100k_base",
          confidence: 0.95,
        });
      }
      if (now !== undefined) {
        expect(await counters.auto.count(NEW, counted, LIMIT_MS)).toEqual({
          tokens: now,
          estimator: "o200k_base",
          confidence: 0.95,
        });
      }
    },
  );

  it("characters stay within half of the tokenizer on the texts of comparison", () => {
    for (const [value, exact = 0, , chars] of TABLE.slice(0, 5)) {
      expect(Math.abs(chars - exact) / exact, value).toBeLessThanOrEqual(0.5);
    }
  });

  it.each([
    ["openai", 40, 10, "chars/4", 0.75],
    ["openai", 100, 25, "chars/4", 0.75],
    ["openai", 16_000, 4_000, "chars/4", 0.75],
    ["anthropic", 35, 10, "chars/3.5", 0.7],
    ["xai", 42, 10, "chars/4.2", 0.65],
    ["simulator", 100, 25, "chars/4", 0.6],
  ] as const)("%s: %i characters are %i tokens", (type, length, tokens, estimator, confidence) => {
    const estimate = counters.character.estimate(modelOf(type), text("x".repeat(length)));
    expect(estimate).toEqual({ tokens, estimator, confidence });
  });

  it("a long sentence has the provider's ratio, within a fifth", () => {
    const sentence =
      "The estimate of a sentence that goes on for a while keeps to the ratio. ".repeat(3);
    for (const [type, ratio] of [
      ["openai", 4],
      ["anthropic", 3.5],
      ["xai", 4.2],
    ] as const) {
      const { tokens } = counters.character.estimate(modelOf(type), text(sentence));
      expect(Math.abs(sentence.length / tokens / ratio - 1), type).toBeLessThan(0.2);
    }
  });

  it("long texts are as many characters, blanks and pairs as they are", () => {
    const estimate = (value: string) => counters.character.estimate(NEW, text(value)).tokens;
    expect(estimate(" ".repeat(4_000_000))).toBe(1_000_000);
    expect(estimate("🚀".repeat(2_000_000))).toBe(500_000);
  });

  it("a conversation is its lines with their roles, and four tokens a message", () => {
    const part = (value: string) => [{ type: "text" as const, text: value }];
    const spec = testSpec({
      messages: [
        { role: "system", parts: part("You are helpful") },
        { role: "user", parts: part("Hello") },
      ],
    });
    expect(counters.character.estimateInput(NEW, spec).tokens).toBe(17);
  });
});

describe("the choice of an estimator", () => {
  it.each([
    ["auto", "gpt-4o", "o200k_base"],
    ["auto", "gpt-4.1-mini", "o200k_base"],
    ["auto", "gpt-5.5-pro-2026-04-23", "o200k_base"],
    ["auto", "o3", "o200k_base"],
    ["auto", "gpt-4-turbo", "cl100k_base"],
    ["auto", "somebody-elses-7b", "script-v1"],
    ["tiktoken", "somebody-elses-7b", "o200k_base"],
    ["character", "gpt-4o", "chars/4"],
    ["script", "gpt-4o", "script-v1"],
  ] as const)("%s counts %s by %s", async (choice, providerModel, estimator) => {
    const counted = text("Any text at all.");
    const count = await counters[choice].count(testModel({ providerModel }), counted, LIMIT_MS);
    expect(count.estimator).toBe(estimator);
  });

  it("a text that is too long for the tokenizer is estimated, and says so", async () => {
    const long = text("word ".repeat(500_000));
    const count = await counters.auto.count(NEW, long, LIMIT_MS);
    expect(count.estimator).toBe("script-v1");
    expect(count.tokens).toBeGreaterThan(300_000);
  });

  it("a count that takes too long is estimated, and says so", async () => {
    const clock = createManualClock();
    const counter = testCounter(clock);
    const count = counter.count(NEW, text("word ".repeat(200_000)), 100);
    await clock.advance(100);
    expect((await count).estimator).toBe("script-v1");
    await counter.close();
  });

  it("what waits together has a bound", async () => {
    const counter = testCounter(createManualClock());
    const long = text("word ".repeat(400_000));
    const counts = Array.from({ length: 6 }, () => counter.count(NEW, long, LIMIT_MS));
    await Promise.race(counts);
    expect(counter.estimators[0]).toBe("script-v1");
    await counter.close();
    expect((await Promise.all(counts)).map(({ estimator }) => estimator)).toContain("script-v1");
  });
});

describe("cutRuns", () => {
  it("leaves ordinary text whole, cuts runs of letters and of blanks, and splits no pair", () => {
    const prose = "One line of words.\n".repeat(100);
    expect([...cutRuns(prose)]).toEqual([prose]);
    expect([...cutRuns("")]).toEqual([]);
    for (const run of [
      "a".repeat(1_001),
      " ".repeat(1_001),
      "🚀".repeat(1_001),
      "水".repeat(999),
    ]) {
      const pieces = [...cutRuns(`${prose}${run}${prose}`)];
      expect(pieces.join("")).toBe(`${prose}${run}${prose}`);
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
      expect(pieces.length).toBeGreaterThan(4);
    }
  });
});

describe("cutRuns at blanks", () => {
  it.each([" ", "\t", "\n", "\u00a0", "\u2003", "\u3000"])(
    "a text with one in time is one piece: %j",
    (blank) => {
      const whole = `${"a".repeat(199)}${blank}`.repeat(3);
      expect([...cutRuns(whole)]).toEqual([whole]);
    },
  );

  it.each(["\u200b", "_", "\u007f", "é"])("anything else is none: %j", (letter) => {
    expect([...cutRuns(`${"a".repeat(199)}${letter}a`)]).toHaveLength(2);
  });

  it("a run is 200 long, and the next one begins behind it", () => {
    expect([...cutRuns("a".repeat(200))]).toHaveLength(1);
    expect([...cutRuns("a".repeat(201))].map(({ length }) => length)).toEqual([200, 1]);
    expect([...cutRuns("a".repeat(401))].map(({ length }) => length)).toEqual([200, 200, 1]);
  });

  it.each([
    // The last unit of the first piece would be half of a pair.
    ["🚀", [201, 1]],
    ["\u{1f400}", [201, 1]],
    ["\u{1ffff}", [201, 1]],
    ["\ue000", [200, 1]],
    ["\ud7ff", [200, 1]],
  ])("no pair is split, and anything else is: %j", (letter, lengths) => {
    const pieces = [...cutRuns(`${"a".repeat(199)}${letter}a`)];
    expect(pieces.map(({ length }) => length)).toEqual(lengths);
  });
});

describe("requestText", () => {
  it("images and files are not, also those of a tool: the estimate trusts itself no longer", async () => {
    const image = {
      type: "image",
      source: { type: "uri", uri: "https://x/y.png", mediaType: "" },
    } as const;
    const inTool = {
      type: "tool-result",
      toolCallId: "c",
      name: "f",
      content: [image],
      isError: false,
    } as const;
    const only = [{ type: "text" as const, text: "Hello" }];
    const plain = counters.auto.estimateInput(
      NEW,
      testSpec({ messages: [{ role: "user", parts: only }] }),
    );
    for (const part of [image, inTool]) {
      const spec = testSpec({ messages: [{ role: "user", parts: [...only, part] }] });
      const estimate = counters.auto.estimateInput(NEW, spec);
      expect(estimate).toEqual({ ...plain, confidence: 0 });
      const exact = await counters.auto.count(NEW, requestText(spec), LIMIT_MS);
      expect(exact).toMatchObject({ estimator: "o200k_base", confidence: 0 });
    }
  });
});
