import { describe, expect, it } from "vitest";
import type { Cost } from "../../../src/domain/cost.ts";
import type { Attempt, Generation } from "../../../src/domain/generation.ts";
import { type CallFacts, encodeUsageRecord } from "../../../src/usage/usage-sink.ts";

const FACTS: CallFacts = { generationId: "g.1", caller: "alice", labels: {}, stream: true };
const COST: Cost = {
  currency: "USD",
  totalPicos: 7,
  inputPicos: 7,
  cacheReadPicos: 0,
  cacheWritePicos: 0,
  outputPicos: 0,
  otherPicos: 0,
  source: "price-table",
  priceTableVersion: "2026-01-01",
};
const ATTEMPT: Attempt = {
  provider: "openai",
  model: "m",
  index: 2,
  trigger: "retry",
  outcome: "failed",
  startTimeMs: 1_000.4,
  durationMs: 20.6,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: false,
};
const GENERATION = {
  requestedModel: "asked",
  provider: "openai",
  model: "m",
  attempts: [ATTEMPT, { ...ATTEMPT, outcome: "skipped" }, { ...ATTEMPT, outcome: "succeeded" }],
  createTimeMs: 999.6,
  timing: { totalMs: 30.5 },
} as unknown as Generation;

const attemptFields = {
  type: "attempt",
  generation_id: "g.1",
  caller: "alice",
  stream: true,
  attempt: 2,
  provider: "openai",
  model: "m",
  trigger: "retry",
  outcome: "failed",
  start_time_ms: 1_000,
  duration_ms: 21,
};
const callFields = {
  type: "call",
  generation_id: "g.1",
  caller: "alice",
  stream: true,
  requested_model: "asked",
  provider: "openai",
  model: "m",
  outcome: "succeeded",
  // The one that was skipped was never sent.
  attempts: 2,
  start_time_ms: 1_000,
  duration_ms: 31,
};

const call = (generation: Partial<Generation>, errorKind?: "network") =>
  encodeUsageRecord({
    ...FACTS,
    type: "call",
    state: errorKind === undefined ? "succeeded" : "failed",
    errorKind,
    generation: { ...GENERATION, ...generation },
  });

describe("a usage record", () => {
  it("of an attempt has no field of which nothing is known", () => {
    const record = encodeUsageRecord({ ...FACTS, type: "attempt", attempt: ATTEMPT });
    expect(record).toStrictEqual(attemptFields);
  });

  it("of an attempt has its error, all counts and its cost where they are known", () => {
    const attempt: Attempt = {
      ...ATTEMPT,
      errorKind: "network",
      usage: {
        inputTokens: 10,
        outputTokens: 0,
        cacheReadTokens: 0,
        cacheWriteTokens: 4,
        cacheWriteLongTokens: 2,
        reasoningTokens: 1,
        unseenOutputTokens: 3,
        source: "estimated",
        estimator: "chars/4",
        confidence: 0,
      },
      cost: COST,
    };
    const labels = { team: "a" };
    expect(encodeUsageRecord({ ...FACTS, labels, type: "attempt", attempt })).toStrictEqual({
      ...attemptFields,
      error: "network",
      input_tokens: 10,
      output_tokens: 0,
      cache_read_tokens: 0,
      cache_write_tokens: 4,
      cache_write_long_tokens: 2,
      reasoning_tokens: 1,
      unseen_output_tokens: 3,
      usage_source: "estimated",
      estimator: "chars/4",
      confidence: 0,
      cost_picos: 7,
      currency: "USD",
      cost_source: "price-table",
      price_table_version: "2026-01-01",
      labels,
    });
  });

  it("of a call counts the attempts that were sent", () => {
    expect(call({})).toStrictEqual(callFields);
  });

  it("of a call has its end, and what all attempts used and cost", () => {
    const totalUsage = { inputTokens: 3, outputTokens: 2, source: "provider" } as const;
    const cost = { ...COST, priceTableVersion: "", source: "provider" } as const;
    expect(call({ totalUsage, cost, finishReason: "stop" }, "network")).toStrictEqual({
      ...callFields,
      outcome: "failed",
      error: "network",
      finish_reason: "stop",
      input_tokens: 3,
      output_tokens: 2,
      usage_source: "provider",
      cost_picos: 7,
      currency: "USD",
      cost_source: "provider",
    });
  });
});
