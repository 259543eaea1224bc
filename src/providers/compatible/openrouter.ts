import { compatibleType } from "./compatible-type.ts";

/** OpenRouter reports the cost of each answer, so its models need no prices here. */
export const openrouter = compatibleType({
  type: "openrouter",
  baseUrl: "https://openrouter.ai/api/v1",
  apiKeyVariable: "OPENROUTER_API_KEY",
  dialect: "chat",
  refuses: [],
  listed: [],
  server: { reasoningField: "reasoning", cacheField: "cache_control" },
  limits: { maxCacheMarks: 4 },
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [
    {
      url: "https://openrouter.ai/docs/client-sdks/typescript/models/anthropiccachecontroldirective",
      date: "2026-11-30",
    },
  ],
});
