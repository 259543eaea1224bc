import { afterAll, describe, expect, it } from "vitest";
import type { GenerationSpec, Message } from "../../../src/domain/generation-spec.ts";
import type { Model } from "../../../src/domain/model.ts";
import type { TokenCounts, TokenUsage } from "../../../src/domain/token-usage.ts";
import type { Received } from "../../../src/domain/usage-meter.ts";
import { createUsageMeter } from "../../../src/usage/usage-meter.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const output = { role: "assistant", parts: [{ type: "text", text: "x".repeat(40) }] } as const;

function meterOf(model = testModel()) {
  const counter = testCounter(createManualClock(), "character");
  return { counter, meter: createUsageMeter(counter, model, testSpec()) };
}

const textOf = (text: string): Message => ({ role: "assistant", parts: [{ type: "text", text }] });
const nothing = { role: "assistant", parts: [] } as const;
const limited = testSpec({ sampling: { maxOutputTokens: 50 } });

describe("createUsageMeter", () => {
  it("takes the provider's counts as they are, the last of each, and counts nothing (A-16)", () => {
    const { counter, meter } = meterOf();
    meter.report({ inputTokens: 10, outputTokens: 1, cacheReadTokens: 4 });
    meter.report({ outputTokens: 7, cacheReadTokens: 4 });
    expect(meter.usage(output)).toEqual({
      inputTokens: 10,
      outputTokens: 7,
      cacheReadTokens: 4,
      source: "provider",
    });
    expect(meter.settle(output)).toBeUndefined();
    expect(counter.estimators).toEqual([]);
  });

  it("says what it had to estimate (A-11)", () => {
    const broken = meterOf().meter;
    broken.report({ inputTokens: 10 });
    expect(broken.usage(output)).toEqual({
      inputTokens: 10,
      outputTokens: 10,
      source: "mixed",
      estimator: "chars/4",
      confidence: 0.75,
    });
    expect(meterOf().meter.usage(output)).toMatchObject({
      outputTokens: 10,
      source: "estimated",
    });
  });

  it("does not lose reasoning that was reported and never shown (A-12)", () => {
    const { meter } = meterOf();
    meter.report({ inputTokens: 10, reasoningTokens: 900 });
    expect(meter.usage(output).outputTokens).toBe(900);
  });

  it("learns from each of the first reports of a model, then from some a second", async () => {
    const clock = createManualClock();
    const counter = testCounter(clock, "script");
    const model = testModel();
    const lessonsOf = (reports: number): number => {
      const before = counter.errors.length;
      for (let report = 0; report < reports; report++) {
        const meter = createUsageMeter(counter, model, testSpec());
        meter.report({ inputTokens: 7, outputTokens: 10 });
        expect(meter.settle(output)).toBeUndefined();
      }
      return counter.errors.length - before;
    };
    expect(lessonsOf(500)).toBe(500);
    expect(lessonsOf(50)).toBe(1);
    await clock.advance(1_000);
    expect(lessonsOf(50)).toBe(1);
  });

  it("learns from what is reported, without the reasoning that is not shown", () => {
    const { counter, meter } = meterOf(
      testModel({ capabilities: new Set(["generate", "reasoning"]) }),
    );
    meter.report({ outputTokens: 508, reasoningTokens: 500 });
    meter.report({ inputTokens: 20 });
    void meter.settle(output);
    expect(counter.errors).toHaveLength(2);
    const hidden = meterOf(testModel({ capabilities: new Set(["generate", "reasoning"]) }));
    hidden.meter.report({ inputTokens: 20, outputTokens: 508 });
    void hidden.meter.settle(output);
    expect(hidden.counter.errors).toHaveLength(1);
  });
});

it("a request that is too long for a lesson is none, and its answer is", () => {
  const parts = [{ type: "text" as const, text: "x".repeat(16_385) }];
  const spec = testSpec({ messages: [{ role: "user", parts }] });
  const counter = testCounter(createManualClock(), "character");
  const meter = createUsageMeter(counter, testModel(), spec);
  meter.report({ inputTokens: 4_000, outputTokens: 10 });
  void meter.settle(output);
  expect(counter.errors).toHaveLength(1);
});

describe("an answer of which something is known beside its text", () => {
  it.each<[string, Message, Received | undefined, number]>([
    ["no text and no chunk", nothing, undefined, 0],
    ["no text, and chunks", nothing, { chunks: 3, isMissing: false }, 3],
    ["a text of less than a token", textOf("x"), undefined, 1],
    ["more text than chunks", output, { chunks: 9, isMissing: false }, 10],
    ["more chunks than text", output, { chunks: 11, isMissing: false }, 11],
  ])("%s", (_, message, received, outputTokens) => {
    const { meter } = meterOf();
    meter.report({ inputTokens: 10 });
    expect(meter.usage(message, received).outputTokens).toBe(outputTokens);
  });

  it.each<[string, TokenCounts, GenerationSpec, Partial<Model>, number | undefined]>([
    ["the limit of the request", {}, limited, { maxOutputTokens: 70 }, 50],
    ["the limit of the model", {}, testSpec(), { maxOutputTokens: 70 }, 70],
    ["no known limit", {}, testSpec(), {}, undefined],
    ["a count of the provider", { outputTokens: 4 }, limited, {}, undefined],
  ])("one that never came can have been as long as %s", (_, counts, spec, overrides, unseen) => {
    const counter = testCounter(createManualClock(), "character");
    const meter = createUsageMeter(counter, testModel(overrides), spec);
    meter.report(counts);
    const missing = meter.usage(nothing, { chunks: 0, isMissing: true });
    expect(missing.unseenOutputTokens).toBe(unseen);
    expect("unseenOutputTokens" in missing).toBe(unseen !== undefined);
    expect(meter.usage(nothing, { chunks: 0, isMissing: false })).not.toHaveProperty(
      "unseenOutputTokens",
    );
  });

  it("nobody can trust an estimate of one that never came", () => {
    expect(meterOf().meter.usage(nothing, { chunks: 0, isMissing: true })).toMatchObject({
      inputTokens: 6,
      outputTokens: 0,
      source: "estimated",
      confidence: 0,
    });
  });
});

describe("what a report says", () => {
  it("takes counts away that cannot be", () => {
    const { meter } = meterOf();
    meter.report({ inputTokens: 10, outputTokens: 4, cacheReadTokens: 99 });
    meter.report({}, ["cacheReadTokens"]);
    expect(meter.usage(output)).toEqual({ inputTokens: 10, outputTokens: 4, source: "provider" });
    meter.report({ outputTokens: -1 }, ["outputTokens"]);
    expect(meter.usage(output)).toMatchObject({ outputTokens: 10, source: "mixed" });
  });

  it("of the output alone leaves the input to be estimated", () => {
    const { meter } = meterOf();
    meter.report({ outputTokens: 4 });
    expect(meter.usage(output)).toEqual({
      inputTokens: 6,
      outputTokens: 4,
      source: "mixed",
      estimator: "chars/4",
      confidence: 0.75,
    });
    expect(meter.settle(output)).toBeUndefined();
  });

  it("teaches the input and the output, each by its own text", () => {
    const { counter, meter } = meterOf();
    meter.report({ inputTokens: 20, outputTokens: 16 });
    void meter.settle(output);
    expect(counter.errors).toHaveLength(2);
    const before = testCounter(createManualClock(), "script").estimate(testModel(), {
      text: output.parts[0].text,
      overhead: 0,
      isPartial: false,
    });
    expect(counter.errors[1]).toBeCloseTo((16 - before.tokens) / 16);
  });

  it("teaches nothing of a request that is too long to be learned from as a whole", () => {
    const lessonsOf = (length: number): number => {
      const counter = testCounter(createManualClock(), "script");
      const messages = [{ role: "user", parts: [{ type: "text", text: "x".repeat(length) }] }];
      const spec = testSpec({ messages: messages as GenerationSpec["messages"] });
      const meter = createUsageMeter(counter, testModel(), spec);
      meter.report({ inputTokens: 4_000, outputTokens: 0 });
      void meter.settle(output);
      return counter.errors.length;
    };
    expect(lessonsOf(16_000)).toBe(1);
    expect(lessonsOf(16_385)).toBe(0);
  });
});

describe("exact counts at the end", () => {
  const exact = testCounter(createManualClock(), "tiktoken");
  afterAll(() => exact.close());

  it.each<[TokenCounts, Received | undefined, Partial<TokenUsage>]>([
    [{ inputTokens: 10 }, undefined, { inputTokens: 10, outputTokens: 5, source: "mixed" }],
    [{ outputTokens: 4 }, undefined, { inputTokens: 7, outputTokens: 4, source: "mixed" }],
    [{}, { chunks: 6, isMissing: false }, { outputTokens: 6, source: "estimated" }],
    [{}, { chunks: 0, isMissing: true }, { confidence: 0, unseenOutputTokens: 50 }],
  ])("complete %j of what was received as %j", async (counts, received, expected) => {
    const meter = createUsageMeter(exact, testModel(), limited);
    meter.report(counts);
    expect(await meter.settle(output, received)).toMatchObject(expected);
  });

  it("are not waited for longer than half a second", async () => {
    const clock = createManualClock();
    const counter = testCounter(clock, "tiktoken");
    const meter = createUsageMeter(counter, testModel(), testSpec());
    let settled: TokenUsage | undefined;
    // One text of a million letters keeps the thread busy.
    const settling = meter.settle(textOf("a b".repeat(300_000)))?.then((usage) => {
      settled = usage;
    });
    await clock.advance(499);
    expect(settled).toBeUndefined();
    await clock.advance(1);
    await settling;
    expect(settled).toMatchObject({ estimator: "script-v1" });
    await counter.close();
  });
});
