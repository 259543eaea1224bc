import type { Pricing } from "../../domain/model.ts";
import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

const SCHEMAS = ["json-object", "json-schema", "prompt-cache"] as const;
const IMAGES = ["image-input", ...SCHEMAS] as const;

/** A token from the cache costs a tenth of an input token. */
function price(inputPicos: number, outputPicos: number): Pricing {
  const cacheReadPicos = inputPicos / 10;
  return {
    currency: "USD",
    date: "2026-08-21",
    inputPicos,
    outputPicos,
    cacheReadPicos,
    tiers: [],
  };
}

/** Mistral refuses unknown fields, including `stream_options`, and always reports usage. */
export const mistral = compatibleType({
  type: "mistral",
  baseUrl: "https://api.mistral.ai/v1",
  apiKeyVariable: "MISTRAL_API_KEY",
  dialect: "chat",
  refuses: ["sampling.logprobs", "sampling.top_k", "messages.name", "end_user_id"],
  listed: [],
  server: { seedField: "random_seed", streamOptions: false, reasoningField: "content" },
  limits: { callIds: { pattern: /^[a-zA-Z0-9]{9}$/, madeLength: 9 }, maxTemperature: 1.5 },
  reportsUsageInStreams: true,
  prefill: false,
  models: [
    modelRecord({
      id: "mistral-medium-3-5",
      aliases: ["mistral-medium-latest"],
      contextWindow: 256_000,
      can: [...IMAGES, "reasoning"],
      efforts: ["none", "high"],
      pricing: price(1_500_000, 7_500_000),
    }),
    modelRecord({
      id: "mistral-large-2512",
      aliases: ["mistral-large-latest"],
      contextWindow: 256_000,
      can: IMAGES,
      without: ["reasoning.effort"],
      pricing: price(500_000, 1_500_000),
    }),
    modelRecord({
      id: "mistral-small-2603",
      aliases: ["mistral-small-latest"],
      contextWindow: 256_000,
      can: [...IMAGES, "reasoning"],
      efforts: ["none", "high"],
      pricing: price(150_000, 600_000),
    }),
    modelRecord({
      id: "codestral-2508",
      aliases: ["codestral-latest"],
      contextWindow: 128_000,
      can: SCHEMAS,
      without: ["reasoning.effort"],
      pricing: price(300_000, 900_000),
    }),
  ],
  sources: [
    { url: "https://docs.mistral.ai/capabilities/reasoning/", date: "2026-11-30" },
    {
      url: "https://github.com/mistralai/platform-docs-public/blob/222f4ba9114f84ce9f2d718b9a12fbac1e527f4b/public/openapi.yaml",
      date: "2026-08-21",
    },
    {
      url: "https://github.com/mistralai/platform-docs-public/tree/222f4ba9114f84ce9f2d718b9a12fbac1e527f4b/src/schema/models/models",
      date: "2026-08-21",
    },
    {
      url: "https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching",
      date: "2026-11-30",
    },
    { url: "https://github.com/openai/openai-agents-python/issues/442", date: "2026-11-30" },
    { url: "https://github.com/mistralai/mistral-vibe/issues/1075", date: "2026-11-30" },
  ],
});
