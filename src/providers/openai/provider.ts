import type { WireLimits } from "../../domain/model.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { ProviderType } from "../provider.ts";
import { openAiBaseUrlProblem } from "../shared/base-url.ts";
import { CHAT_PLACEMENTS } from "../shared/chat-messages.ts";
import { encodeChatBody } from "../shared/chat-request.ts";
import { createHttpProvider, type Dialect } from "../shared/http-provider.ts";
import { parseModels } from "../shared/model-records.ts";
import { createOpenAiHeaders } from "../shared/openai-headers.ts";
import { misplacedPart } from "../shared/placements.ts";
import { errorRules } from "./errors.ts";
import { chatReader, responsesReader } from "./events.ts";
import { NO_LIMITS, OPENAI_LIMITS } from "./limits.ts";
import models from "./models.json" with { type: "json" };
import { chatWire, isOpenAi } from "./request.ts";
import { inputMisfit } from "./responses-input.ts";
import { encodeResponsesBody } from "./responses-request.ts";
import { tokens } from "./tokens.ts";

/**
 * OpenAI, and every server that speaks its dialects. The newest models of OpenAI
 * take tools with reasoning in Responses only; compatible servers speak Chat.
 */
export const openai: ProviderType = {
  apiKeyVariable: "OPENAI_API_KEY",
  defaultBaseUrl: "https://api.openai.com/v1",
  baseUrlProblem: openAiBaseUrlProblem,
  dialects: {
    chat: [
      "sampling.max_output_tokens",
      "sampling.temperature",
      "sampling.top_p",
      "sampling.frequency_penalty",
      "sampling.presence_penalty",
      "sampling.seed",
      "sampling.stop_sequences",
      "sampling.logprobs",
      "reasoning.effort",
      "tool_choice.parallel",
      "messages.name",
      "end_user_id",
    ],
    responses: [
      "sampling.max_output_tokens",
      "sampling.temperature",
      "sampling.top_p",
      "sampling.logprobs",
      "reasoning.effort",
      "reasoning.include_text",
      "tool_choice.parallel",
      "end_user_id",
    ],
  },
  // OpenAI does not take it; most compatible servers do.
  listedParameters: { chat: ["sampling.top_k"] },
  takes: () => true,
  wireFacts: {
    chat: ["reasoningField", "tokenLimitField", "streamOptions", "cacheField"],
    responses: ["cacheField"],
  },
  defaultDialect: (baseUrl) => (isOpenAi(baseUrl) ? "responses" : "chat"),
  // Compatible servers of the Chat dialect often ignore `stream_options.include_usage`.
  reportsUsageInStreams: (dialect, baseUrl) => dialect === "responses" || isOpenAi(baseUrl),
  limits: (dialect, baseUrl) =>
    (isOpenAi(baseUrl) ? ownValue<WireLimits>(OPENAI_LIMITS, dialect) : undefined) ?? NO_LIMITS,
  prefill: false,
  tokens,
  models: parseModels(models, OPENAI_LIMITS),
  misfit: ({ messages }, model) =>
    model.dialect === "responses"
      ? inputMisfit(messages, model)
      : misplacedPart(messages, CHAT_PLACEMENTS),
  async create(instance, { clock }) {
    const own = isOpenAi(instance.baseUrl);
    const chat: Dialect = {
      path: "/chat/completions",
      errorRules,
      encodeBody: (request, onIgnored) =>
        encodeChatBody(request, chatWire(request, own), onIgnored),
      createReader: (response) => chatReader(response, clock),
    };
    const responses: Dialect = {
      path: "/responses",
      errorRules,
      encodeBody: encodeResponsesBody,
      createReader: (response) => responsesReader(response, clock),
    };
    return createHttpProvider({
      instance,
      headers: await createOpenAiHeaders(instance),
      dialectOf: ({ model }) => (model.dialect === "responses" ? responses : chat),
      clock,
    });
  },
};
