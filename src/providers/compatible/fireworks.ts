import { compatibleType } from "./compatible-type.ts";

export const fireworks = compatibleType({
  type: "fireworks",
  baseUrl: "https://api.fireworks.ai/inference/v1",
  apiKeyVariable: "FIREWORKS_API_KEY",
  dialect: "chat",
  refuses: [],
  listed: [],
  server: { reasoningField: "reasoning_content" },
  limits: { maxTemperature: 2, maxStopSequences: 4 },
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [
    { url: "https://docs.fireworks.ai/guides/reasoning", date: "2026-11-30" },
    {
      url: "https://github.com/fw-ai-external/python-sdk/blob/8399c127e558602d78782c96904b01e76fa14497/src/fireworks/types/chat/completion_create_params.py",
      date: "2026-07-21",
    },
  ],
});
