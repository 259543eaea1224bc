import type { WireLimits } from "../../domain/model.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { ProviderInstance } from "../../ports/provider-instance.ts";
import type { ProviderRequest, ProviderType } from "../provider.ts";
import { apiKeyAuthentication } from "../shared/api-key-authentication.ts";
import { CHAT_PLACEMENTS } from "../shared/chat-messages.ts";
import {
  CHAT_FACTS,
  type ChatServer,
  COMPATIBLE_SERVER,
  chatGoesBack,
  chatWire,
  RESPONSES_FACTS,
} from "../shared/chat-server.ts";
import type { ErrorRules } from "../shared/http-error.ts";
import { createHttpProvider } from "../shared/http-provider.ts";
import { createOpenAiHeaders } from "../shared/openai-authentication.ts";
import { openAiDialects } from "../shared/openai-dialects.ts";
import { openAiErrorRules } from "../shared/openai-error-rules.ts";
import { OPENAI_LIMITS } from "../shared/openai-limits.ts";
import { CHAT_PARAMETERS, RESPONSES_PARAMETERS } from "../shared/openai-parameters.ts";
import { openAiTokens } from "../shared/openai-tokens.ts";
import { misplacedPart } from "../shared/placements.ts";
import { reportErrorTexts } from "../shared/report-error-texts.ts";
import { unsupportedInput } from "../shared/responses-input.ts";
import { RESPONSES_GO_BACK } from "../shared/responses-request.ts";
import { apiVersionProblem, azureBaseUrlProblem, endpointPath } from "./base-url.ts";

/** All models support the newer field since API version 2024-09-01-preview. */
const SERVER: ChatServer = { ...COMPATIBLE_SERVER, tokenLimitField: "max_completion_tokens" };

const errorRules: ErrorRules = { ...openAiErrorRules, requestIdHeader: "apim-request-id" };

/** Azure has its own header for the key. */
async function createHeaders(instance: ProviderInstance): Promise<Record<string, string>> {
  const { authorization: _, ...headers } = await createOpenAiHeaders(instance);
  return instance.apiKey === "" ? headers : { ...headers, "api-key": instance.apiKey };
}

/** Azure OpenAI, whose models are the operator's deployments. */
export const azure: ProviderType = {
  // Each resource has its own address, and no key is sent to an address it was not configured for.
  apiKeyVariable: undefined,
  defaultBaseUrl: "",
  hasDefaultInstance: false,
  isNameReserved: false,
  baseUrlProblem: azureBaseUrlProblem,
  apiVersionProblem,
  dialects: { chat: CHAT_PARAMETERS, responses: RESPONSES_PARAMETERS },
  listedParameters: {},
  takes: () => true,
  wireFacts: { chat: CHAT_FACTS, responses: RESPONSES_FACTS },
  defaultDialect: () => "chat",
  reportsUsageInStreams: () => true,
  limits: (dialect) => ownValue<WireLimits>(OPENAI_LIMITS, dialect) ?? {},
  goesBack: (dialect, wire) =>
    dialect === "responses" ? RESPONSES_GO_BACK : chatGoesBack(wire, SERVER),
  prefill: false,
  tokens: openAiTokens,
  models: [],
  unsupported: ({ messages }, model) =>
    model.dialect === "responses"
      ? unsupportedInput(messages, model)
      : misplacedPart(messages, CHAT_PLACEMENTS),
  async create(instance, context) {
    const { clock } = context;
    const errors = reportErrorTexts(errorRules, context);
    return createHttpProvider({
      instance,
      authentication: await apiKeyAuthentication(instance, context, createHeaders),
      dialectOf: openAiDialects({
        providerType: "azure",
        errorRules: errors,
        clock,
        chatWire: (request: ProviderRequest) => chatWire(request, SERVER),
        pathOf: (endpoint, { model }) => endpointPath(instance, endpoint, model.providerModel),
      }),
      clock,
    });
  },
};
