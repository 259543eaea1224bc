import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

/** Cerebras answers 400 to penalties, to a word about parallel calls, and to `reasoning_content`. */
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
  listed: ["messages.name"],
  server: { tokenLimitField: "max_completion_tokens" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [
    modelRecord({
      id: "gpt-oss-120b",
      contextWindow: 131_072,
      can: ["json-object", "json-schema", "reasoning"],
      efforts: ["low", "medium", "high"],
      defaultEffort: "medium",
    }),
  ],
  sources: [
    { url: "https://inference-docs.cerebras.ai/resources/openai", date: "2026-11-30" },
    { url: "https://github.com/NousResearch/hermes-agent/issues/45655", date: "2026-11-30" },
  ],
});
