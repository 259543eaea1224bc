import { compatibleType } from "./compatible-type.ts";
import { modelRecord } from "./model-record.ts";

const PENALTIES = ["sampling.frequency_penalty", "sampling.presence_penalty"] as const;

/** Groq answers 400 to probabilities and to names of messages. None of its models applies penalties. */
export const groq = compatibleType({
  type: "groq",
  baseUrl: "https://api.groq.com/openai/v1",
  apiKeyVariable: "GROQ_API_KEY",
  dialect: "chat",
  refuses: ["sampling.logprobs", "messages.name"],
  listed: PENALTIES,
  server: { tokenLimitField: "max_completion_tokens", reasoningField: "reasoning" },
  limits: { maxTemperature: 2, maxStopSequences: 4 },
  reportsUsageInStreams: true,
  prefill: false,
  models: [
    modelRecord({
      id: "openai/gpt-oss-120b",
      contextWindow: 131_072,
      maxOutputTokens: 65_536,
      can: ["json-object", "json-schema", "reasoning", "prompt-cache"],
      efforts: ["low", "medium", "high"],
      defaultEffort: "medium",
      without: ["tool_choice.parallel", ...PENALTIES],
      pricing: {
        currency: "USD",
        date: "2026-05-19",
        inputPicos: 150_000,
        outputPicos: 600_000,
        // Half of the input's price.
        cacheReadPicos: 75_000,
        tiers: [],
      },
    }),
  ],
  sources: [
    { url: "https://console.groq.com/docs/openai", date: "2026-11-30" },
    { url: "https://console.groq.com/docs/prompt-caching", date: "2026-11-30" },
    {
      url: "https://github.com/groq/groq-python/blob/9620fde0bc576d22ce7281fe0795215bc17972da/src/groq/types/chat/completion_create_params.py",
      date: "2026-08-18",
    },
    { url: "https://github.com/braintrustdata/braintrust-proxy/issues/925", date: "2026-11-30" },
  ],
});
