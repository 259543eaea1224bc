import type { WireLimits } from "../../domain/model.ts";
import type { ProviderInstance } from "../../ports/provider-instance.ts";
import type { ProviderType } from "../provider.ts";
import { apiKeyAuthentication } from "../shared/api-key-authentication.ts";
import { baseUrlProblem } from "../shared/base-url-problem.ts";
import { createCallIds } from "../shared/call-id.ts";
import { tokenCount } from "../shared/chat-usage.ts";
import { toInBandError } from "../shared/http-error.ts";
import { type CountDialect, createHttpProvider, type Dialect } from "../shared/http-provider.ts";
import { parseModels } from "../shared/parse-models.ts";
import { reportErrorTexts } from "../shared/report-error-texts.ts";
import { checkBetas } from "./betas.ts";
import { errorRules } from "./errors.ts";
import { MessagesReader } from "./events.ts";
import { unsupportedMessages } from "./messages-content.ts";
import models from "./models.json" with { type: "json" };
import { encodeCountBody, encodeMessagesBody, messagesHeaders, takesThinking } from "./request.ts";
import { tokens } from "./tokens.ts";

/** Limits of the Messages API, on every server with this API. */
const MESSAGES_LIMITS: WireLimits = {
  callIds: { pattern: /^[a-zA-Z0-9_-]+$/, madeLength: 40 },
  maxTemperature: 1,
  maxCacheMarks: 4,
  minBudgetTokens: 1024,
  thinkingBeforeCalls: true,
};

/** Headers of the SDK's own requests that the adapter keeps. */
const KEPT_HEADERS = ["accept", "anthropic-version", "authorization", "content-type", "user-agent"];

/**
 * The headers that the SDK creates for this instance and key. Settings of the SDK's environment variables are left
 * out.
 */
async function createHeaders(instance: ProviderInstance): Promise<Record<string, string>> {
  const { Anthropic } = await import("@anthropic-ai/sdk");
  const client = new Anthropic({
    apiKey: instance.apiKey || "none",
    authToken: null,
    baseURL: instance.baseUrl,
    logLevel: "off",
    maxRetries: 0,
  });
  const { req } = await client.buildRequest({ method: "post", path: "/v1/messages", body: {} });
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = req.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  if (instance.apiKey === "") delete headers["authorization"];
  return headers;
}

/** Anthropic's Messages API. */
export const anthropic: ProviderType = {
  apiKeyVariable: "ANTHROPIC_API_KEY",
  defaultBaseUrl: "https://api.anthropic.com",
  hasDefaultInstance: true,
  isNameReserved: true,
  baseUrlProblem,
  dialects: {
    messages: [
      "sampling.max_output_tokens",
      "sampling.temperature",
      "sampling.top_p",
      "sampling.top_k",
      "sampling.stop_sequences",
      "reasoning.effort",
      "reasoning.budget_tokens",
      "reasoning.include_text",
      "tool_choice.parallel",
      "end_user_id",
    ],
  },
  listedParameters: {},
  takes: (parameter, wire) =>
    parameter !== "reasoning.budget_tokens" || takesThinking(wire, "enabled"),
  wireFacts: { messages: ["thinking"] },
  defaultDialect: () => "messages",
  reportsUsageInStreams: () => true,
  limits: () => MESSAGES_LIMITS,
  goesBack: () => ({ reasoning: "signed", annotations: true }),
  prefill: false,
  tokens,
  models: parseModels(models),
  unsupported: ({ messages }) => unsupportedMessages(messages),
  async create(instance, context) {
    const { clock } = context;
    const errors = reportErrorTexts(errorRules, context);
    // Operators configure the address with or without the version.
    const path = instance.baseUrl.endsWith("/v1") ? "/messages" : "/v1/messages";
    const messages: Dialect = {
      path: () => path,
      errorRules: errors,
      headers: messagesHeaders,
      encodeBody: encodeMessagesBody,
      createReader: ({ headers }) =>
        new MessagesReader({
          toError: (payload) => toInBandError(payload, headers, errors, clock),
          newCallId: createCallIds(clock),
        }),
    };
    const counting: CountDialect = {
      path: () => `${path}/count_tokens`,
      errorRules: errors,
      headers: messagesHeaders,
      encodeBody: encodeCountBody,
      readCount: (body) => tokenCount(body["input_tokens"]),
    };
    return createHttpProvider({
      instance,
      counting,
      checkOptions: (options) => checkBetas(options, instance.id),
      authentication: await apiKeyAuthentication(instance, context, createHeaders),
      dialectOf: () => messages,
      clock,
    });
  },
};
