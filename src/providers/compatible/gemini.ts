import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

/**
 * Gemini's compatible endpoint, which answers 400 to unknown fields. Thought signatures are sent back as data of
 * their calls.
 */
export const gemini = compatibleType({
  type: "gemini",
  baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  apiKeyVariable: "GEMINI_API_KEY",
  dialect: "chat",
  refuses: ["sampling.top_k", "messages.name"],
  listed: [
    "sampling.frequency_penalty",
    "sampling.presence_penalty",
    "sampling.seed",
    "sampling.logprobs",
    "tool_choice.parallel",
    "end_user_id",
  ],
  server: {},
  limits: { maxTemperature: 2 },
  reportsUsageInStreams: true,
  prefill: false,
  // Its price is valid until the end of 2026, which a price table cannot express, so there is none.
  models: [
    modelRecord({
      id: "gemini-3.8-flash",
      can: ["image-input", "json-object", "json-schema", "reasoning"],
      efforts: ["low", "medium", "high"],
    }),
  ],
  sources: [{ url: "https://ai.google.dev/gemini-api/docs/openai", date: "2026-11-30" }],
  dialectProblem: (dialect) =>
    dialect === "native"
      ? "Gemini's native API is not spoken yet: leave `api` out, or write chat for its compatible endpoint"
      : undefined,
});
