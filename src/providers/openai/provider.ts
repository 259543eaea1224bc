import type { WireLimits } from "../../domain/model.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { ProviderType } from "../provider.ts";
import { openAiBaseUrlProblem } from "../shared/base-url-problem.ts";
import { CHAT_PLACEMENTS } from "../shared/chat-messages.ts";
import {
  CHAT_FACTS,
  COMPATIBLE_SERVER,
  chatGoesBack,
  RESPONSES_FACTS,
} from "../shared/chat-server.ts";
import { createHttpProvider } from "../shared/http-provider.ts";
import { openAiAuthentication } from "../shared/openai-authentication.ts";
import { openAiDialects } from "../shared/openai-dialects.ts";
import { openAiErrorRules } from "../shared/openai-error-rules.ts";
import { NO_LIMITS, OPENAI_LIMITS } from "../shared/openai-limits.ts";
import { CHAT_PARAMETERS, RESPONSES_PARAMETERS } from "../shared/openai-parameters.ts";
import { openAiTokens } from "../shared/openai-tokens.ts";
import { parseModels } from "../shared/parse-models.ts";
import { misplacedPart } from "../shared/placements.ts";
import { reportErrorTexts } from "../shared/report-error-texts.ts";
import { unsupportedInput } from "../shared/responses-input.ts";
import { RESPONSES_GO_BACK } from "../shared/responses-request.ts";
import models from "./models.json" with { type: "json" };
import { chatWire, isOpenAi } from "./request.ts";

/**
 * OpenAI, and every server with its dialects. The newest models of OpenAI support tools with reasoning only in
 * Responses; compatible servers use Chat.
 */
export const openai: ProviderType = {
  apiKeyVariable: "OPENAI_API_KEY",
  defaultBaseUrl: "https://api.openai.com/v1",
  hasDefaultInstance: true,
  isNameReserved: true,
  baseUrlProblem: openAiBaseUrlProblem,
  dialects: { chat: CHAT_PARAMETERS, responses: RESPONSES_PARAMETERS },
  // OpenAI does not support it; most compatible servers do.
  listedParameters: { chat: ["sampling.top_k"] },
  takes: () => true,
  wireFacts: { chat: CHAT_FACTS, responses: RESPONSES_FACTS },
  defaultDialect: (baseUrl) => (isOpenAi(baseUrl) ? "responses" : "chat"),
  // Compatible servers of the Chat dialect often ignore `stream_options.include_usage`.
  reportsUsageInStreams: (dialect, baseUrl) => dialect === "responses" || isOpenAi(baseUrl),
  limits: (dialect, baseUrl) =>
    (isOpenAi(baseUrl) ? ownValue<WireLimits>(OPENAI_LIMITS, dialect) : undefined) ?? NO_LIMITS,
  goesBack: (dialect, wire) =>
    dialect === "responses" ? RESPONSES_GO_BACK : chatGoesBack(wire, COMPATIBLE_SERVER),
  prefill: false,
  tokens: openAiTokens,
  models: parseModels(models, OPENAI_LIMITS),
  unsupported: ({ messages }, model) =>
    model.dialect === "responses"
      ? unsupportedInput(messages, model)
      : misplacedPart(messages, CHAT_PLACEMENTS),
  async create(instance, context) {
    const { clock } = context;
    const errors = reportErrorTexts(openAiErrorRules, context);
    const own = isOpenAi(instance.baseUrl);
    return createHttpProvider({
      instance,
      authentication: await openAiAuthentication(instance, context),
      dialectOf: openAiDialects({
        providerType: "openai",
        errorRules: errors,
        clock,
        chatWire: (request) => chatWire(request, own),
      }),
      clock,
    });
  },
};
