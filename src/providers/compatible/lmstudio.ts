import { compatibleType } from "./compatible-type.ts";

/** LM Studio documents no field for returned thoughts. */
export const lmstudio = compatibleType({
  type: "lmstudio",
  baseUrl: "http://127.0.0.1:1234/v1",
  apiKeyVariable: undefined,
  dialect: "chat",
  refuses: [],
  listed: [
    "sampling.logprobs",
    "reasoning.effort",
    "tool_choice.parallel",
    "messages.name",
    "end_user_id",
  ],
  server: { systemPlace: "first" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [
    { url: "https://lmstudio.ai/docs/developer/api-changelog", date: "2026-11-30" },
    {
      url: "https://www.rdocumentation.org/packages/rlmstudio/versions/0.2.2/topics/lms_chat_openai",
      date: "2026-11-30",
    },
  ],
});
