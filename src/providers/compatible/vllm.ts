import { compatibleType } from "./compatible-type.ts";

/** vLLM creates prompts from the model's template. Most open models need a single system message at the start. */
export const vllm = compatibleType({
  type: "vllm",
  baseUrl: "http://127.0.0.1:8000/v1",
  apiKeyVariable: undefined,
  dialect: "chat",
  refuses: [],
  listed: [],
  server: { reasoningField: "reasoning", systemPlace: "first" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: true,
  models: [],
  sources: [
    { url: "https://docs.vllm.ai/en/v0.26.0/features/reasoning_outputs/", date: "2026-11-30" },
    {
      url: "https://github.com/cloudflare/ai/releases/tag/workers-ai-provider%403.1.5",
      date: "2026-11-30",
    },
  ],
});
