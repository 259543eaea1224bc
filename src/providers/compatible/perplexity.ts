import { compatibleType } from "./compatible-type.ts";

/** Perplexity ended its Chat endpoint on 2026-09-27. Its Agent API has the Responses dialect. */
export const perplexity = compatibleType({
  type: "perplexity",
  baseUrl: "https://api.perplexity.ai/v1",
  apiKeyVariable: "PERPLEXITY_API_KEY",
  dialect: "responses",
  refuses: ["sampling.logprobs", "end_user_id"],
  listed: ["tool_choice.parallel", "reasoning.include_text"],
  server: {},
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [
    {
      url: "https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/how-to",
      date: "2026-11-30",
    },
  ],
  dialectProblem: (dialect) =>
    dialect === "chat"
      ? "Perplexity has ended its Chat endpoint on 2026-09-27: leave `api` out, or write responses"
      : undefined,
});
