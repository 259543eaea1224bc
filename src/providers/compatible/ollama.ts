import { compatibleType } from "./compatible-type.ts";

/** Ollama has no field `max_completion_tokens`, and ignores unknown fields. */
export const ollama = compatibleType({
  type: "ollama",
  baseUrl: "http://127.0.0.1:11434/v1",
  apiKeyVariable: undefined,
  dialect: "chat",
  refuses: [],
  listed: ["tool_choice.parallel", "messages.name", "end_user_id"],
  server: { reasoningField: "reasoning" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [
    { url: "https://docs.ollama.com/api/openai-compatibility", date: "2026-11-30" },
    {
      url: "https://github.com/ollama/ollama/blob/fb30760996871fa9460115c753afd2c60d4ab0f7/openai/openai.go",
      date: "2026-08-21",
    },
  ],
});
