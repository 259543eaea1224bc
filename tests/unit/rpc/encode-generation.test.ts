import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AttemptSchema } from "../../../gen/service/steer/v1/error_pb.ts";
import { GenerationSchema } from "../../../gen/service/steer/v1/generation_pb.ts";
import { CostSchema, UsageSchema } from "../../../gen/service/steer/v1/usage_pb.ts";
import type { Attempt, Generation } from "../../../src/domain/generation.ts";
import {
  encodeAttempt,
  encodeCost,
  encodeGeneration,
  encodeUsage,
  encodeWithinLimit,
  MAX_CONTENT_BYTES,
} from "../../../src/rpc/encode-generation.ts";

const COST = {
  currency: "USD",
  totalPicos: 15,
  inputPicos: 1,
  cacheReadPicos: 2,
  cacheWritePicos: 3,
  outputPicos: 4,
  otherPicos: 5,
  source: "price-table",
  priceTableVersion: "v1",
} as const;
const USAGE = { inputTokens: 3, outputTokens: 4, source: "estimated" } as const;

const ATTEMPT: Attempt = {
  provider: "a",
  model: "m",
  index: 1,
  trigger: "initial",
  outcome: "succeeded",
  startTimeMs: 1_000,
  durationMs: 1.5,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: false,
};

const GENERATION: Generation = {
  generationId: "g.1",
  requestedModel: "alias",
  provider: "a",
  model: "m",
  providerModel: "m-2026",
  providerResponseId: "r-1",
  message: { role: "assistant", parts: [{ type: "text", text: "Hi" }] },
  finishReason: "stop",
  providerFinishReason: "end",
  outputJson: undefined,
  outputText: "Hi",
  usage: undefined,
  totalUsage: undefined,
  cost: undefined,
  attempts: [],
  timing: {
    totalMs: 7,
    queuedMs: 0,
    retryDelayMs: 0,
    stallCount: 0,
    chunkCount: 0,
    characterCount: 0,
  },
  warnings: [],
  providerApi: "chat",
  providerMetadata: {},
  createTimeMs: 2_000,
};

describe("encodeAttempt", () => {
  const json = (changes: Partial<Attempt>) =>
    toJson(AttemptSchema, encodeAttempt({ ...ATTEMPT, ...changes }));
  const sent = {
    index: 1,
    provider: "a",
    model: "m",
    trigger: "ATTEMPT_TRIGGER_INITIAL",
    outcome: "ATTEMPT_OUTCOME_SUCCEEDED",
    startTime: "1970-01-01T00:00:01Z",
    duration: "0.001500s",
  };

  it("that succeeds at once has nothing to tell of failures, waits and counts", () => {
    expect(json({ delayFromProvider: true })).toEqual(sent);
  });

  it("that fails has what the provider said, its wait and its counts", () => {
    const failed = json({
      outcome: "failed",
      errorKind: "server-error",
      errorMessage: "why",
      providerFailure: { code: "overloaded", httpStatus: 503, requestId: "up-1" } as never,
      outputDelivered: true,
      delayMs: 250,
      delayFromProvider: true,
      timeToFirstTokenMs: 20,
      usage: USAGE,
      cost: COST,
    });
    expect(failed).toMatchObject({
      ...sent,
      outcome: "ATTEMPT_OUTCOME_FAILED",
      errorCategory: "ERROR_CATEGORY_SERVER_ERROR",
      reason: "PROVIDER_ERROR",
      errorMessage: "why",
      providerErrorCode: "overloaded",
      providerHttpStatus: 503,
      providerRequestId: "up-1",
      outputDelivered: true,
      delay: "0.250s",
      delayFromProvider: true,
      timeToFirstToken: "0.020s",
      usage: { totalTokens: 7 },
      cost: { totalPicos: "15" },
    });
    expect(json({ errorKind: "budget", errorReason: "STREAM_TOO_LARGE" })).toMatchObject({
      reason: "STREAM_TOO_LARGE",
    });
  });

  it.each(["initial", "retry", "failover", "hedge", "continuation", "takeover", "repair"] as const)(
    "has its trigger: %s",
    (trigger) => {
      const word = `ATTEMPT_TRIGGER_${trigger.toUpperCase()}`;
      expect(json({ trigger })).toMatchObject({ trigger: word });
    },
  );

  it.each(["running", "succeeded", "failed", "cancelled", "skipped", "superseded"] as const)(
    "has its outcome: %s",
    (outcome) => {
      const word = `ATTEMPT_OUTCOME_${outcome.toUpperCase()}`;
      expect(json({ outcome })).toMatchObject({ outcome: word });
    },
  );
});

describe("encodeUsage and encodeCost", () => {
  it.each(["provider", "estimated", "mixed"] as const)(
    "say whose numbers they are: %s",
    (source) => {
      const usage = toJson(UsageSchema, encodeUsage({ ...USAGE, source, unseenOutputTokens: 9 }));
      const word = `USAGE_SOURCE_${source.toUpperCase()}`;
      expect(usage).toEqual({ inputTokens: 3, outputTokens: 4, totalTokens: 7, source: word });
    },
  );

  it.each([
    ["price-table", "PRICE_TABLE"],
    ["provider", "PROVIDER"],
    ["mixed", "MIXED"],
  ] as const)("say what the money follows: %s", (source, word) => {
    expect(toJson(CostSchema, encodeCost({ ...COST, source }))).toEqual({
      currencyCode: "USD",
      totalPicos: "15",
      inputPicos: "1",
      cacheReadPicos: "2",
      cacheWritePicos: "3",
      outputPicos: "4",
      otherPicos: "5",
      source: `COST_SOURCE_${word}`,
      priceTableVersion: "v1",
    });
  });
});

describe("encodeGeneration", () => {
  const json = (changes: Partial<Generation>, detail: "all" | "message" | "none" = "all") =>
    toJson(GenerationSchema, encodeGeneration({ ...GENERATION, ...changes }, detail));
  const names = {
    generationId: "g.1",
    requestedModel: "alias",
    provider: "a",
    model: "m",
    providerModel: "m-2026",
    providerResponseId: "r-1",
    finishReason: "FINISH_REASON_STOP",
    providerFinishReason: "end",
    providerApi: "chat",
    timing: { total: "0.007s" },
    createTime: "1970-01-01T00:00:02Z",
  };
  const message = { role: "ROLE_ASSISTANT", parts: [{ text: { text: "Hi" } }] };

  it("has its text once more, if that is asked for", () => {
    expect(json({})).toEqual({ ...names, message, outputText: "Hi" });
    expect(json({ outputJson: "{}" })).toMatchObject({ outputText: "Hi", outputJson: "{}" });
    expect(json({ outputJson: "{}" }, "none")).toEqual(names);
    expect(json({ outputJson: "{}" }, "message")).toEqual({
      ...names,
      message,
      warnings: [
        {
          reason: "OUTPUT_TEXT_OMITTED",
          message: "output_text and output_json would exceed the message limit; read message",
          field: "output_text",
        },
      ],
    });
  });

  it("has counts, money, warnings, metadata and each time", () => {
    const generation = json(
      {
        usage: USAGE,
        totalUsage: { ...USAGE, inputTokens: 30 },
        cost: COST,
        attempts: [ATTEMPT],
        warnings: [{ reason: "OUTPUT_EMPTY", message: "m", field: "f" }],
        providerMetadata: { a: { tier: "fast" } },
        timing: {
          totalMs: 7,
          queuedMs: 1,
          retryDelayMs: 2,
          timeToFirstTokenMs: 3,
          chunkGapP50Ms: 4,
          chunkGapP95Ms: 5,
          chunkGapMaxMs: 6,
          stallCount: 7,
          chunkCount: 8,
          characterCount: 9,
        },
      },
      "none",
    );
    expect(generation).toMatchObject({
      usage: { totalTokens: 7 },
      totalUsage: { totalTokens: 34 },
      cost: { totalPicos: "15" },
      attempts: [{ index: 1 }],
      warnings: [{ reason: "OUTPUT_EMPTY", message: "m", field: "f" }],
      providerMetadata: { a: { tier: "fast" } },
      timing: {
        total: "0.007s",
        queued: "0.001s",
        retryDelay: "0.002s",
        timeToFirstToken: "0.003s",
        chunkGapP50: "0.004s",
        chunkGapP95: "0.005s",
        chunkGapMax: "0.006s",
        stallCount: 7,
        chunkCount: 8,
        characterCount: 9,
      },
    });
    expect(json({ usage: USAGE, totalUsage: USAGE })).toMatchObject({
      totalUsage: { totalTokens: 7 },
    });
  });

  it.each([
    "stop",
    "stop-sequence",
    "max-tokens",
    "context-length",
    "tool-calls",
    "content-filter",
    "refusal",
    "paused",
    "other",
    "budget",
  ] as const)("has why it ended: %s", (finishReason) => {
    const word = finishReason.toUpperCase().replace("-", "_");
    expect(json({ finishReason })).toMatchObject({ finishReason: `FINISH_REASON_${word}` });
  });
});

describe("encodeWithinLimit", () => {
  const detailOf = (units: number) => {
    const text = "x".repeat(units);
    const parts = [{ type: "text" as const, text }];
    const whole = {
      ...GENERATION,
      message: { role: "assistant" as const, parts },
      outputText: text,
    };
    return encodeWithinLimit(whole).detail;
  };

  it.each([
    [10, "all"],
    [MAX_CONTENT_BYTES / 2 - 1_000, "all"],
    [MAX_CONTENT_BYTES / 2 + 1_000, "message"],
    [MAX_CONTENT_BYTES - 1_000, "message"],
    [MAX_CONTENT_BYTES + 1_000, "none"],
  ])("of a text of %i units leaves as much as fits: %s", (units, detail) => {
    expect(detailOf(units)).toBe(detail);
  });

  it("measures what stands beside a short text", () => {
    const parts = [{ type: "text" as const, text: "Hi", logprobs: [] as never }];
    const message = { role: "assistant" as const, parts };
    expect(encodeWithinLimit({ ...GENERATION, message }).detail).toBe("all");
    expect(encodeWithinLimit({ ...GENERATION, message: undefined }).detail).toBe("all");
  });
});
