import { compatibleType } from "./compatible-type.ts";

/** Together documents no field for returned thoughts. */
export const together = compatibleType({
  type: "together",
  baseUrl: "https://api.together.ai/v1",
  apiKeyVariable: "TOGETHER_API_KEY",
  dialect: "chat",
  refuses: [],
  // Its parameter for probabilities has another form: a number instead of a flag.
  listed: ["sampling.logprobs", "tool_choice.parallel", "messages.name", "end_user_id"],
  server: {},
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [{ url: "https://docs.together.ai/docs/inference/responses-api", date: "2026-11-30" }],
});
