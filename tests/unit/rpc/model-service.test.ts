import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GetModelRequestSchema,
  type GetModelResponse,
  ListModelsRequestSchema,
  type ListModelsResponse,
  ModelCapability,
  ModelSchema,
} from "../../../gen/service/steer/v1/model_service_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { Model } from "../../../src/domain/model.ts";
import { createModelService } from "../../../src/rpc/model-service.ts";
import { testModel } from "../../support/provider-request.ts";

const CALL = { caller: { id: "ci", role: "caller" } };

function setUp(models: readonly Model[], away: readonly string[] = []) {
  const { handlers } = createModelService({
    list: () => models,
    lookup(name) {
      const found = models.find(({ id }) => id === name);
      if (found === undefined) throw new GatewayError("not-found", "no such model");
      return found;
    },
    isAvailable: ({ id }) => !away.includes(id),
  });
  const { listModels, getModel } = handlers as {
    listModels(request: unknown, call: unknown): Promise<ListModelsResponse>;
    getModel(request: unknown, call: unknown): Promise<GetModelResponse>;
  };
  return {
    list: (request: MessageInitShape<typeof ListModelsRequestSchema> = {}) =>
      listModels(create(ListModelsRequestSchema, request), CALL),
    get: (model: string) => getModel(create(GetModelRequestSchema, { model }), CALL),
  };
}

const numbered = (count: number): Model[] =>
  Array.from({ length: count }, (_, index) => testModel({ id: `m${index}` }));
const idsOf = ({ models }: ListModelsResponse): string[] => models.map(({ id }) => id);

describe("the pages of the list of models", () => {
  it("are of fifty unless the request says another size, and of 500 at most", async () => {
    const { list } = setUp(numbered(501));
    for (const [pageSize, size] of [
      [0, 50],
      [1, 1],
      [500, 500],
      [501, 500],
    ] as const) {
      const page = await list({ pageSize });
      expect(page.models).toHaveLength(size);
      expect(page.nextPageToken).toBe(`m${size}`);
    }
  });

  it("follow each other, and the last one says that it is", async () => {
    const { list } = setUp(numbered(5));
    const first = await list({ pageSize: 2 });
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await list({ pageSize: 2, pageToken: second.nextPageToken });
    expect([first, second, third].map(idsOf)).toEqual([["m0", "m1"], ["m2", "m3"], ["m4"]]);
    expect(third.nextPageToken).toBe("");
    const all = await list({ pageSize: 5 });
    expect([idsOf(all).length, all.nextPageToken]).toEqual([5, ""]);
  });

  it.each(["x", "m", "m-1", "1", "xm1", "m1x", "m1234567890"])(
    "do not begin at %s",
    async (pageToken) => {
      await expect(setUp(numbered(1)).list({ pageToken })).rejects.toMatchObject({
        kind: "validation",
        violations: [
          {
            field: "page_token",
            description: "not a token of this list; start again without one",
          },
        ],
      });
    },
  );

  it("hold what the request asks for", async () => {
    const models = [
      testModel({ id: "a", provider: "one", capabilities: new Set(["generate", "tools"]) }),
      testModel({ id: "b", provider: "one", capabilities: new Set(["generate"]) }),
      testModel({ id: "c", provider: "two", capabilities: new Set(["generate", "stream"]) }),
    ];
    const { list } = setUp(models, ["b"]);
    const { GENERATE, TOOLS, STREAM } = ModelCapability;
    expect(idsOf(await list())).toEqual(["a", "b", "c"]);
    expect(idsOf(await list({ provider: "one" }))).toEqual(["a", "b"]);
    expect(idsOf(await list({ availableOnly: true }))).toEqual(["a", "c"]);
    expect(idsOf(await list({ capabilities: [GENERATE] }))).toEqual(["a", "b", "c"]);
    expect(idsOf(await list({ capabilities: [GENERATE, TOOLS] }))).toEqual(["a"]);
    expect(idsOf(await list({ capabilities: [STREAM, TOOLS] }))).toEqual([]);
    expect((await list()).models.map(({ available }) => available)).toEqual([true, false, true]);
  });
});

describe("a model", () => {
  const json = async (model: Partial<Model>, away: readonly string[] = []) => {
    const known = testModel({ id: "m", ...model });
    const response = await setUp([known], away).get("m");
    return response.model && toJson(ModelSchema, response.model);
  };

  it("that nobody offers is not found", async () => {
    await expect(setUp([]).get("m")).rejects.toMatchObject({
      kind: "not-found",
      message: "no such model",
    });
  });

  it("says nothing of what is not known", async () => {
    expect(await json({ capabilities: new Set() }, ["m"])).toEqual({
      id: "m",
      provider: "test",
      providerModel: "test-model-2026",
      displayName: "Test",
      defaultSampling: {},
    });
  });

  it("has its names, its limits and its defaults", async () => {
    const model = await json({
      aliases: ["x", "y"],
      contextWindow: 1_000,
      maxOutputTokens: 100,
      parameters: new Set(["sampling.temperature"] as const),
      deprecated: true,
      defaultSampling: { temperature: 0.5, stopSequences: ["END"], deterministic: true },
    });
    expect(model).toMatchObject({
      aliases: ["x", "y"],
      contextWindow: 1_000,
      maxOutputTokens: 100,
      supportedParameters: ["sampling.temperature"],
      available: true,
      deprecated: true,
      defaultSampling: { temperature: 0.5, stopSequences: ["END"] },
    });
    expect(model).not.toHaveProperty("defaultSampling.deterministic");
  });

  it.each([
    "generate",
    "stream",
    "image-input",
    "file-input",
    "tools",
    "parallel-tools",
    "json-object",
    "json-schema",
    "reasoning",
    "prompt-cache",
    "continuation",
    "count-tokens",
  ] as const)("has its capability: %s", async (capability) => {
    const word = capability.toUpperCase().replace("-", "_");
    expect(await json({ capabilities: new Set([capability]) })).toMatchObject({
      capabilities: [`MODEL_CAPABILITY_${word}`],
    });
  });

  it("has its prices, and those of long prompts", async () => {
    const base = { currency: "EUR", date: "2026-01-01", inputPicos: 1, outputPicos: 2 };
    const plain = await json({ pricing: { ...base, tiers: [] } });
    expect(plain).toMatchObject({
      pricing: {
        currencyCode: "EUR",
        inputPicos: "1",
        outputPicos: "2",
        priceTableVersion: "2026-01-01",
      },
    });
    expect(Object.keys((plain as { pricing: object }).pricing)).toHaveLength(4);
    const cache = { cacheReadPicos: 3, cacheWritePicos: 4, cacheWriteLongPicos: 5 };
    const tiered = await json({
      pricing: {
        ...base,
        ...cache,
        tiers: [
          { aboveInputTokens: 10, inputPicos: 6, outputPicos: 7, cacheReadPicos: 8 },
          { aboveInputTokens: 20 },
        ],
      },
    });
    const cacheTexts = { cacheReadPicos: "3", cacheWritePicos: "4", cacheWriteLongPicos: "5" };
    expect(tiered).toMatchObject({ pricing: cacheTexts });
    expect((tiered as { pricing: { tiers: object[] } }).pricing.tiers).toEqual([
      { aboveInputTokens: 10, inputPicos: "6", outputPicos: "7", cacheReadPicos: "8" },
      { aboveInputTokens: 20 },
    ]);
  });
});
