import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

/**
 * Cerebras answers 400 to penalties, to the parameter of parallel calls, and to `reasoning_content`: thoughts are
 * sent back in `reasoning`.
 */
export const cerebras = compatibleType({
  type: "cerebras",
  baseUrl: "https://api.cerebras.ai/v1",
  apiKeyVariable: "CEREBRAS_API_KEY",
  dialect: "chat",
  refuses: [
    "sampling.frequency_penalty",
    "sampling.presence_penalty",
    "sampling.top_k",
    "tool_choice.parallel",
  ],
  listed: [],
  server: { tokenLimitField: "max_completion_tokens", reasoningField: "reasoning" },
  limits: { maxTemperature: 1.5, maxStopSequences: 4 },
  reportsUsageInStreams: true,
  prefill: false,
  models: [
    modelRecord({
      id: "gpt-oss-120b",
      contextWindow: 131_072,
      can: ["json-object", "json-schema", "reasoning"],
      efforts: ["low", "medium", "high"],
      defaultEffort: "medium",
      pricing: {
        currency: "USD",
        date: "2026-06-12",
        inputPicos: 350_000,
        outputPicos: 750_000,
        tiers: [],
      },
    }),
  ],
  sources: [
    { url: "https://inference-docs.cerebras.ai/resources/openai", date: "2026-11-30" },
    { url: "https://inference-docs.cerebras.ai/models/openai-oss", date: "2026-11-30" },
    {
      url: "https://docs.rs/crate/harn-vm/0.8.113/source/src/llm/catalog_sources/60-models/30-cerebras.toml",
      date: "2026-06-12",
    },
    {
      url: "https://github.com/Cerebras/cerebras-cloud-sdk-python/blob/bebb8d13ac72e70c4aaea8d8d8066085c135a0aa/src/cerebras/cloud/sdk/types/chat/completion_create_params.py",
      date: "2026-01-06",
    },
    { url: "https://github.com/NousResearch/hermes-agent/issues/45655", date: "2026-11-30" },
  ],
});
