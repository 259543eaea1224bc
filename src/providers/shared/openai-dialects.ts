// The two dialects of OpenAI, for its own endpoints and for compatible servers.
import type { Clock } from "../../clock.ts";
import type { ProviderRequest } from "../provider.ts";
import { createCallIds } from "./call-id.ts";
import { ChatReader } from "./chat-reader.ts";
import { type ChatWire, encodeChatBody } from "./chat-request.ts";
import { readChatUsage } from "./chat-usage.ts";
import { type ErrorRules, toInBandError } from "./http-error.ts";
import type { Dialect } from "./http-provider.ts";
import { readCost } from "./read-cost.ts";
import { ResponsesReader } from "./responses-reader.ts";
import { encodeResponsesBody } from "./responses-request.ts";

export interface OpenAiDialectsOptions {
  /** Type of the provider. Its data is sent back only to it. */
  readonly providerType: string;
  readonly errorRules: ErrorRules;
  readonly clock: Clock;
  readonly chatWire: (request: ProviderRequest) => ChatWire;
  /** Path of an endpoint of the dialect. Default: directly below the base URL. */
  readonly pathOf?: (endpoint: string, request: ProviderRequest) => string;
}

/** The dialect of a request's model. */
export function openAiDialects(
  options: OpenAiDialectsOptions,
): (request: ProviderRequest) => Dialect {
  const { providerType, errorRules, clock, pathOf = (endpoint: string) => endpoint } = options;
  const chat: Dialect = {
    path: (request) => pathOf("/chat/completions", request),
    errorRules,
    encodeBody: (request, onIgnored) =>
      encodeChatBody(request, options.chatWire(request), onIgnored),
    createReader: ({ headers }) =>
      new ChatReader({
        readUsage: readChatUsage,
        readCost,
        toError: (payload) => toInBandError(payload, headers, errorRules, clock),
        newCallId: createCallIds(clock),
        providerType,
      }),
  };
  const responses: Dialect = {
    path: (request) => pathOf("/responses", request),
    errorRules,
    encodeBody: encodeResponsesBody,
    createReader: ({ headers }) =>
      new ResponsesReader({
        toError: (payload) => toInBandError(payload, headers, errorRules, clock),
        newCallId: createCallIds(clock),
        providerType,
      }),
  };
  return ({ model }) => (model.dialect === "responses" ? responses : chat);
}
