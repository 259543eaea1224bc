import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

/** These models think unless told otherwise, and accept no sampling parameters while thinking. */
const THINKING = {
  efforts: ["low", "high", "max"],
  defaultEffort: "high",
  without: [
    "sampling.temperature",
    "sampling.top_p",
    "sampling.frequency_penalty",
    "sampling.presence_penalty",
    "sampling.seed",
    "sampling.logprobs",
    "tool_choice.parallel",
    "end_user_id",
  ],
} as const;

/** DeepSeek answers 400 if the thoughts before a tool call are not sent back. */
export const deepseek = compatibleType({
  type: "deepseek",
  baseUrl: "https://api.deepseek.com/v1",
  apiKeyVariable: "DEEPSEEK_API_KEY",
  dialect: "chat",
  refuses: [],
  listed: [
    "sampling.seed",
    "sampling.frequency_penalty",
    "sampling.presence_penalty",
    "tool_choice.parallel",
    "end_user_id",
  ],
  server: { reasoningField: "reasoning_content" },
  limits: { maxTemperature: 2 },
  reportsUsageInStreams: true,
  prefill: false,
  // Its prices double at some hours of the day, which a price table cannot express, so there is none.
  models: [
    modelRecord({
      id: "deepseek-flash",
      aliases: ["deepseek-v4-flash"],
      contextWindow: 1_000_000,
      maxOutputTokens: 384_000,
      can: ["image-input", "json-object", "reasoning", "prompt-cache"],
      ...THINKING,
    }),
    modelRecord({
      id: "deepseek-v4-pro",
      contextWindow: 1_000_000,
      maxOutputTokens: 384_000,
      can: ["json-object", "reasoning", "prompt-cache"],
      ...THINKING,
    }),
  ],
  sources: [
    { url: "https://api-docs.deepseek.com/quick_start/pricing", date: "2026-11-30" },
    { url: "https://api-docs.deepseek.com/guides/thinking_mode", date: "2026-11-30" },
  ],
});
