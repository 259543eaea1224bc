import { compatibleType } from "./compatible-type.ts";

/** Ollama takes `max_tokens` alone in its older versions, and ignores what it does not know. */
export const ollama = compatibleType({
  type: "ollama",
  baseUrl: "http://127.0.0.1:11434/v1",
  apiKeyVariable: undefined,
  dialect: "chat",
  refuses: [],
  listed: ["sampling.logprobs", "tool_choice.parallel", "messages.name", "end_user_id"],
  server: { reasoningField: "reasoning" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [{ url: "https://docs.ollama.com/api/openai-compatibility", date: "2026-11-30" }],
});
