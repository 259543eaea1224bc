import type { ProviderType } from "../provider.ts";
import { openAiBaseUrlProblem } from "../shared/base-url-problem.ts";
import { CHAT_PLACEMENTS } from "../shared/chat-messages.ts";
import { encodeChatBody } from "../shared/chat-request.ts";
import { chatGoesBack } from "../shared/chat-server.ts";
import { createHttpProvider, type Dialect } from "../shared/http-provider.ts";
import { openAiAuthentication } from "../shared/openai-authentication.ts";
import { CHAT_PARAMETERS } from "../shared/openai-parameters.ts";
import { parseModels } from "../shared/parse-models.ts";
import { misplacedPart } from "../shared/placements.ts";
import { reportErrorTexts } from "../shared/report-error-texts.ts";
import { errorRules } from "./errors.ts";
import { chatReader } from "./events.ts";
import models from "./models.json" with { type: "json" };
import { chatWire, SERVER } from "./request.ts";
import { tokens } from "./tokens.ts";

/** xAI: Chat Completions with its own usage and error rules. */
export const xai: ProviderType = {
  apiKeyVariable: "XAI_API_KEY",
  defaultBaseUrl: "https://api.x.ai/v1",
  hasDefaultInstance: true,
  isNameReserved: true,
  baseUrlProblem: openAiBaseUrlProblem,
  dialects: { chat: CHAT_PARAMETERS },
  listedParameters: {},
  takes: () => true,
  wireFacts: {},
  defaultDialect: () => "chat",
  reportsUsageInStreams: () => true,
  limits: () => ({}),
  goesBack: (_, wire) => chatGoesBack(wire, SERVER),
  prefill: false,
  tokens,
  models: parseModels(models),
  unsupported: ({ messages }) => misplacedPart(messages, CHAT_PLACEMENTS),
  async create(instance, context) {
    const { clock } = context;
    const errors = reportErrorTexts(errorRules, context);
    const chat: Dialect = {
      path: () => "/chat/completions",
      errorRules: errors,
      encodeBody: (request, onIgnored) => encodeChatBody(request, chatWire(request), onIgnored),
      createReader: (response) => chatReader(response, clock, errors),
    };
    return createHttpProvider({
      instance,
      authentication: await openAiAuthentication(instance, context),
      dialectOf: () => chat,
      clock,
    });
  },
};
