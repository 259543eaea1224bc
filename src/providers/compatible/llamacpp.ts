import { compatibleType } from "./compatible-type.ts";

/** The server of llama.cpp creates prompts from the model's template, like vLLM. */
export const llamacpp = compatibleType({
  type: "llamacpp",
  baseUrl: "http://127.0.0.1:8080/v1",
  apiKeyVariable: undefined,
  dialect: "chat",
  refuses: [],
  listed: ["messages.name", "end_user_id"],
  server: { reasoningField: "reasoning_content", systemPlace: "first" },
  limits: {},
  reportsUsageInStreams: true,
  prefill: false,
  models: [],
  sources: [{ url: "https://github.com/ggml-org/llama.cpp/pull/16934", date: "2026-11-30" }],
});
