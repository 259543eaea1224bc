import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

/** Mistral refuses fields that it does not know, `stream_options` among them, and counts unasked. */
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
      can: ["image-input", "json-object", "json-schema", "reasoning"],
      efforts: ["none", "high"],
      pricing: {
        currency: "USD",
        date: "2026-05",
        inputPicos: 1_500_000,
        outputPicos: 7_500_000,
        tiers: [],
      },
    }),
  ],
  sources: [
    { url: "https://docs.mistral.ai/capabilities/reasoning/", date: "2026-11-30" },
    { url: "https://github.com/openai/openai-agents-python/issues/442", date: "2026-11-30" },
    { url: "https://github.com/mistralai/mistral-vibe/issues/1075", date: "2026-11-30" },
    { url: "https://github.com/braintrustdata/braintrust-proxy/issues/802", date: "2026-05-22" },
  ],
});
