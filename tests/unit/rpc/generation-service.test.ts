import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CancelGenerationRequestSchema,
  type CancelGenerationResponse,
  CountTokensRequestSchema,
  type CountTokensResponse,
  GenerateRequestSchema,
  type GenerateResponse,
  TokenCountMethod,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { UsageSource } from "../../../gen/service/steer/v1/usage_pb.ts";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import { MAX_CONTENT_BYTES } from "../../../src/rpc/encode-generation.ts";
import { testModel } from "../../support/provider-request.ts";
import {
  delta,
  failed,
  failure,
  type Gateway,
  generation,
  NETWORK,
  REPORTED,
  SPEC,
  type Spec,
  setUpGenerations,
  terminal,
} from "../../support/served-generations.ts";

describe("Generate", () => {
  const request = (spec: Spec = SPEC, requestId = "") =>
    create(GenerateRequestSchema, { spec, requestId });

  it("answers with the result, and tells its call of it", async () => {
    let given: Parameters<Gateway["generate"]>[0] | undefined;
    const set = setUpGenerations({
      async generate(call) {
        given = call;
        call.onOpen?.("s.1", "g.1");
        return { state: "generated", generation: generation() };
      },
    });
    const labels = { team: "x" };
    const answer = await set.unary<GenerateResponse>("generate", request({ ...SPEC, labels }));
    expect(answer).toMatchObject({ replayed: false, generation: { outputText: "Hi" } });
    expect(set.headers).toEqual({ "x-steer-generation-id": "g.1" });
    expect(set.trailers).toEqual({ "x-steer-attempts": "0" });
    expect(set.line).toMatchObject({ stream_id: "s.1", labels, ...REPORTED });
    expect(given).toMatchObject({
      spec: { model: "alias" },
      timeoutMs: 500,
      acceptsDiscard: true,
      identity: { caller: "alice", requestId: "" },
    });
    expect(given?.signal).toBe(set.call.signal);
    expect(given?.telemetry).toBe(set.call.telemetry);
    given?.onEnd?.({ generation: generation(), error: undefined });
    expect(set.ended).toHaveLength(1);
  });

  it("says nothing of labels that are not there", async () => {
    const set = setUpGenerations({
      generate: async () => ({ state: "generated", generation: generation() }),
    });
    await set.unary("generate", request());
    expect(set.line).not.toHaveProperty("labels");
  });

  it("leaves the copies of a long text out, and never the message", async () => {
    for (const units of [MAX_CONTENT_BYTES - 1_000, MAX_CONTENT_BYTES + 1_000]) {
      const long = generation("x".repeat(units));
      const set = setUpGenerations({
        generate: async () => ({ state: "generated", generation: long }),
      });
      const answer = await set.unary<GenerateResponse>("generate", request());
      expect(answer.generation?.message?.parts).toHaveLength(1);
      expect(answer.generation?.outputText).toBe("");
    }
  });

  it("needs a spec", async () => {
    const empty = create(GenerateRequestSchema, {});
    await expect(setUpGenerations({}).unary("generate", empty)).rejects.toMatchObject({
      kind: "validation",
      violations: [{ field: "spec", description: "value is required" }],
    });
  });

  it("tells of a generation that has failed, and of no other failure", async () => {
    const set = setUpGenerations({ generate: () => Promise.reject(new GenerationFailed(failure)) });
    await expect(set.unary("generate", request())).rejects.toBeInstanceOf(GenerationFailed);
    expect(set.line).toMatchObject(REPORTED);
    expect(set.trailers).toEqual({ "x-steer-attempts": "0" });

    const other = setUpGenerations({ generate: () => Promise.reject(NETWORK) });
    await expect(other.unary("generate", request())).rejects.toBe(NETWORK);
    expect([other.line, other.trailers]).toEqual([{}, {}]);
  });

  const stored = (more: object) =>
    setUpGenerations({
      generate: async () => ({
        state: "stored",
        terminal: terminal(),
        isReplayed: false,
        generation: undefined,
        ...more,
      }),
    });

  it("hands a kept answer on, and says whether it is a replay", async () => {
    for (const isReplayed of [true, false]) {
      const set = stored({ isReplayed });
      const answer = await set.unary<GenerateResponse>("generate", request());
      expect(answer).toMatchObject({ replayed: isReplayed, generation: { outputText: "Hi" } });
      expect(set.headers).toEqual({
        "x-steer-generation-id": "g.1",
        ...(isReplayed && { "x-steer-replayed": "true" }),
      });
      expect(set.line).toMatchObject(REPORTED);
    }
  });

  it("has the answer of its own that was too long to be kept, and no other's", async () => {
    const own = stored({ terminal: terminal(false), generation: generation(), isReplayed: true });
    const answer = await own.unary<GenerateResponse>("generate", request());
    expect(answer).toMatchObject({ replayed: true, generation: { outputText: "Hi" } });
    const others = stored({ terminal: terminal(false) });
    await expect(others.unary("generate", request())).rejects.toMatchObject({
      kind: "conflict",
      reason: "RESULT_NOT_KEPT",
      message: "the answer was too long to be kept; it is not generated a second time",
    });
  });

  it("ends with the error that was kept", async () => {
    const set = stored({ terminal: failed() });
    await expect(set.unary("generate", request())).rejects.toMatchObject({
      name: "StreamFailed",
      error: { kind: "network", message: "it broke" },
    });
    expect(set.line).toMatchObject(REPORTED);
  });

  it("never answers with what is no result", async () => {
    await expect(stored({ terminal: delta(1) }).unary("generate", request())).rejects.toMatchObject(
      { kind: "internal", message: "a stored answer without a result" },
    );
  });
});

describe("CancelGeneration", () => {
  it.each([
    [{ case: "streamId", value: "s.1" }, { streamId: "s.1" }, { stream_id: "s.1" }],
    [{ case: "requestId", value: "r.1" }, { requestId: "r.1" }, { request_id: "r.1" }],
    [{ case: undefined }, { requestId: "" }, { request_id: "" }],
  ] as const)("is about what is named: %o", async (target, named, onLine) => {
    for (const cancelled of [true, false]) {
      const asked: unknown[] = [];
      const set = setUpGenerations({
        async cancelGeneration(...given) {
          asked.push(given);
          return cancelled;
        },
      });
      const request = create(CancelGenerationRequestSchema, { target });
      const answer = await set.unary<CancelGenerationResponse>("cancelGeneration", request);
      expect(answer.cancelled).toBe(cancelled);
      expect(asked).toEqual([["alice", named]]);
      expect(set.line).toEqual({ ...onLine, cancelled });
    }
  });
});

describe("CountTokens", () => {
  const model = testModel({ id: "m", provider: "a", contextWindow: 1_000 });

  it.each([
    [TokenCountMethod.UNSPECIFIED, "any"],
    [TokenCountMethod.ESTIMATE, "estimate"],
    [TokenCountMethod.PROVIDER, "provider"],
    [99 as TokenCountMethod, "any"],
  ])("counts by the method that is asked for: %s is %s", async (method, word) => {
    const asked: unknown[] = [];
    const set = setUpGenerations({}, async (given) => {
      asked.push(given);
      return { model, tokens: 5, estimate: undefined };
    });
    const request = create(CountTokensRequestSchema, { spec: SPEC, method });
    const answer = await set.unary<CountTokensResponse>("countTokens", request);
    expect(asked).toMatchObject([{ spec: { model: "alias" }, method: word, timeoutMs: 500 }]);
    expect(answer).toMatchObject({
      inputTokens: 5,
      source: UsageSource.PROVIDER,
      estimator: "",
      provider: "a",
      model: "m",
      contextWindow: 1_000,
    });
  });

  it("says how it has estimated", async () => {
    const estimate = { estimator: "o200k", confidence: 0.5 };
    const open = testModel({ id: "m", provider: "a" });
    const set = setUpGenerations({}, async () => ({ model: open, tokens: 5, estimate }));
    const request = create(CountTokensRequestSchema, { spec: SPEC });
    expect(await set.unary("countTokens", request)).toMatchObject({
      source: UsageSource.ESTIMATED,
      ...estimate,
      contextWindow: 0,
    });
    const empty = create(CountTokensRequestSchema, {});
    await expect(set.unary("countTokens", empty)).rejects.toMatchObject({ kind: "validation" });
  });
});
