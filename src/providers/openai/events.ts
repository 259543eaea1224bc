import type { Clock } from "../../clock.ts";
import type { AnswerReader } from "../shared/answer.ts";
import { createCallIds } from "../shared/call-id.ts";
import { createChatReader } from "../shared/chat-events.ts";
import { readChatUsage } from "../shared/chat-usage.ts";
import { toInBandError } from "../shared/http-error.ts";
import type { UpstreamResponse } from "../shared/upstream-fetch.ts";
import { errorRules } from "./errors.ts";
import { readCost } from "./reported-cost.ts";
import { createResponsesReader } from "./responses-events.ts";

/** Reads one answer of Chat Completions. */
export function chatReader({ headers }: UpstreamResponse, clock: Clock): AnswerReader {
  return createChatReader({
    readUsage: readChatUsage,
    readCost,
    toError: (payload) => toInBandError(payload, headers, errorRules, clock),
    newCallId: createCallIds(clock),
    providerType: "openai",
  });
}

/** Reads one answer of Responses. */
export function responsesReader({ headers }: UpstreamResponse, clock: Clock): AnswerReader {
  return createResponsesReader({
    toError: (payload) => toInBandError(payload, headers, errorRules, clock),
    newCallId: createCallIds(clock),
  });
}
