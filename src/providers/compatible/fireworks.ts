import { compatibleType } from "./compatible-type.ts";

export const fireworks = compatibleType({
  type: "fireworks",
  baseUrl: "https://api.fireworks.ai/inference/v1",
  apiKeyVariable: "FIREWORKS_API_KEY",
  dialect: "chat",
  refuses: [],
  listed: ["tool_choice.parallel"],
  server: { reasoningField: "reasoning_content" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [{ url: "https://docs.fireworks.ai/guides/reasoning", date: "2026-11-30" }],
});
