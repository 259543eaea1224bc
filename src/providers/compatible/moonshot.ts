import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

/** Kimi's models think before they call tools, and need their thoughts sent back. */
export const moonshot = compatibleType({
  type: "moonshot",
  baseUrl: "https://api.moonshot.ai/v1",
  apiKeyVariable: "MOONSHOT_API_KEY",
  dialect: "chat",
  refuses: [],
  listed: ["sampling.seed", "sampling.logprobs", "tool_choice.parallel", "end_user_id"],
  server: { tokenLimitField: "max_completion_tokens", reasoningField: "reasoning_content" },
  limits: { maxTemperature: 1, maxStopSequences: 5 },
  reportsUsageInStreams: true,
  prefill: false,
  models: [
    modelRecord({
      id: "kimi-k3",
      contextWindow: 1_048_576,
      maxOutputTokens: 1_048_576,
      can: ["image-input", "json-object", "json-schema", "reasoning", "prompt-cache"],
      efforts: ["low", "high", "max"],
      defaultEffort: "max",
      without: [
        "sampling.temperature",
        "sampling.top_p",
        "sampling.frequency_penalty",
        "sampling.presence_penalty",
      ],
      pricing: {
        currency: "USD",
        date: "2026-07-16",
        inputPicos: 3_000_000,
        outputPicos: 15_000_000,
        cacheReadPicos: 300_000,
        tiers: [],
      },
    }),
  ],
  sources: [
    { url: "https://platform.kimi.ai/docs/api/models-overview", date: "2026-11-30" },
    {
      url: "https://platform.kimi.ai/docs/guide/use-kimi-k2-thinking-model",
      date: "2026-11-30",
    },
    {
      url: "https://docs.agno.com/examples/models/moonshot/reasoning-effort",
      date: "2026-11-30",
    },
    { url: "https://github.com/getagentseal/codeburn/pull/709", date: "2026-07-18" },
    {
      url: "https://dev.to/aihubmix/kimi-k3-api-guide-reasoning-tool-calling-structured-output-and-vision-bn3",
      date: "2026-11-30",
    },
    {
      url: "https://dev.to/teamorouter/how-to-access-kimi-k3-api-pricing-rate-limits-and-setup-guide-478g",
      date: "2026-11-30",
    },
  ],
});
