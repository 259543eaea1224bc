import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AttemptOutcome, AttemptSchema } from "../../../gen/service/steer/v1/error_pb.ts";
import {
  FinishReason,
  type Generation,
  GenerationSchema,
} from "../../../gen/service/steer/v1/generation_pb.ts";
import { CostSource, UsageSource } from "../../../gen/service/steer/v1/usage_pb.ts";
import type { CallFields } from "../../../src/calls/call-fields.ts";
import { generationLine } from "../../../src/calls/generation-fields.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type * as domain from "../../../src/domain/generation.ts";
import { reportGeneration } from "../../../src/rpc/report-generation.ts";
import { noTelemetry } from "../../../src/telemetry/telemetry.ts";

/** What a call is told of a generation: its trailers, and the fields of its line. */
function reported(generation: Generation) {
  const trailers: Record<string, string> = {};
  const fields: CallFields = {};
  reportGeneration(
    {
      caller: { id: "a", role: "caller" },
      signal: new AbortController().signal,
      timeoutMs: undefined,
      telemetry: noTelemetry.startCall({ system: "grpc", method: "m", header: () => undefined }),
      header: () => undefined,
      setResponseHeader: () => {},
      setTrailer: (name, value) => void Object.assign(trailers, { [name]: value }),
      log: (more) => void Object.assign(fields, more),
      generationEnded: () => {},
    },
    generation,
  );
  return { trailers, fields };
}

const NAMES = { generationId: "g.1", provider: "a", model: "m" };
const attempts = (...outcomes: AttemptOutcome[]) =>
  outcomes.map((outcome) => create(AttemptSchema, { outcome }));

describe("the line and the trailers of a call with a generation", () => {
  it("say nothing of what is not known", () => {
    expect(reported(create(GenerationSchema, NAMES))).toEqual({
      trailers: { "x-steer-attempts": "0" },
      fields: { generation_id: "g.1", provider: "a", model: "m", attempts: 0 },
    });
  });

  it("count the attempts that were sent", () => {
    const { FAILED, SKIPPED, SUCCEEDED } = AttemptOutcome;
    const made = attempts(FAILED, SKIPPED, SUCCEEDED);
    const { trailers, fields } = reported(create(GenerationSchema, { ...NAMES, attempts: made }));
    expect([trailers, fields.attempts]).toEqual([{ "x-steer-attempts": "2" }, 2]);
  });

  it("have its counts, its money and its times", () => {
    const generation = create(GenerationSchema, {
      ...NAMES,
      finishReason: FinishReason.MAX_TOKENS,
      timing: { timeToFirstToken: { seconds: 1n, nanos: 234_600_000 } },
      usage: { inputTokens: 3, outputTokens: 4, source: UsageSource.MIXED },
      cost: { totalPicos: 15n, currencyCode: "USD", source: CostSource.PRICE_TABLE },
    });
    expect(reported(generation).fields).toEqual({
      generation_id: "g.1",
      provider: "a",
      model: "m",
      attempts: 0,
      ttft_ms: 1_235,
      finish_reason: "max-tokens",
      input_tokens: 3,
      output_tokens: 4,
      usage_source: "mixed",
      cost_picos: 15,
      currency: "USD",
      cost_source: "price-table",
    });
  });

  it("has a number for a word that is newer than this service", () => {
    const finishReason = 99 as FinishReason;
    const { fields } = reported(create(GenerationSchema, { ...NAMES, finishReason }));
    expect(fields.finish_reason).toBe("99");
  });
});

describe("the line of a generation that no call waits for", () => {
  const generation: domain.Generation = {
    ...NAMES,
    requestedModel: "alias",
    providerModel: "",
    providerResponseId: "",
    message: undefined,
    finishReason: undefined,
    providerFinishReason: "",
    outputJson: undefined,
    outputText: "",
    usage: undefined,
    totalUsage: undefined,
    cost: undefined,
    attempts: [],
    timing: {
      totalMs: 12.6,
      queuedMs: 0,
      retryDelayMs: 0,
      stallCount: 0,
      chunkCount: 0,
      characterCount: 0,
    },
    warnings: [],
    providerApi: "chat",
    providerMetadata: {},
    createTimeMs: 0,
  };
  const known = {
    duration_ms: 13,
    requested_model: "alias",
    generation_id: "g.1",
    provider: "a",
    model: "m",
    attempts: 0,
  };

  it.each([
    [undefined, { outcome: "succeeded" }],
    [
      new GatewayError("cancelled", "x"),
      { outcome: "cancelled", error: "cancelled", reason: "CANCELLED_BY_CALLER" },
    ],
    [
      new GatewayError("network", "x"),
      { outcome: "failed", error: "network", reason: "PROVIDER_CONNECTION" },
    ],
  ])("says how it has ended: %o", (error, said) => {
    expect(generationLine({ generation, error })).toEqual({ ...said, ...known });
  });
});
