import { describe, expect, it } from "vitest";
import { createUsageMeter } from "../../../src/usage/usage-meter.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const output = { role: "assistant", parts: [{ type: "text", text: "x".repeat(40) }] } as const;

function meterOf(model = testModel()) {
  const counter = testCounter(createManualClock(), "character");
  return { counter, meter: createUsageMeter(counter, model, testSpec()) };
}

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
