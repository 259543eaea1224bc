// The object `response`: what is known of it while it is made, and at its end.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation } from "../../domain/generation.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenUsage } from "../../domain/token-usage.ts";
import { openAiError } from "../shared/openai-error.ts";
import type { ResponseRecord } from "./response-record.ts";

const PREFIX = "resp_";

/** Identifier of a response; also of one that nobody can retrieve. */
function responseId({ seed }: Pick<ResponseRecord, "seed">): string {
  return `${PREFIX}${seed}`;
}

/** The stored stream of a response; undefined: no identifier of a response. */
export function storedStreamOf(id: string): string | undefined {
  return id.startsWith(PREFIX) ? `s.${id.slice(PREFIX.length)}` : undefined;
}

export interface ResponseHead {
  readonly record: Pick<ResponseRecord, "seed" | "createdAt">;
  readonly model: string;
}

export type ResponseStatus =
  | "queued"
  | "in_progress"
  | "completed"
  | "incomplete"
  | "failed"
  | "cancelled";

/** Why the output is not whole; undefined: the output is whole. */
function incompleteReason(reason: FinishReason | undefined): string | undefined {
  switch (reason) {
    case "max-tokens":
    case "context-length":
    case "budget":
      return "max_output_tokens";
    case "content-filter":
      return "content_filter";
    default:
      return undefined;
  }
}

function encodeUsage(usage: TokenUsage): JsonObject {
  const { inputTokens, outputTokens } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: usage.cacheReadTokens ?? 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

/** The object with the fields that every status has. */
export function encodeResponse(
  { record, model }: ResponseHead,
  status: ResponseStatus,
  output: readonly JsonObject[],
  more: JsonObject = {},
): JsonObject {
  return {
    id: responseId(record),
    object: "response",
    created_at: record.createdAt,
    status,
    error: null,
    incomplete_details: null,
    model,
    output: [...output],
    usage: null,
    ...more,
  };
}

/** The object of a generation that has ended well. */
export function encodeEnded(
  head: ResponseHead,
  output: readonly JsonObject[],
  { finishReason, usage }: Pick<Generation, "finishReason" | "usage">,
): JsonObject {
  const reason = incompleteReason(finishReason);
  const status = reason === undefined ? "completed" : "incomplete";
  return encodeResponse(head, status, output, {
    ...(reason !== undefined && { incomplete_details: { reason } }),
    ...(usage !== undefined && { usage: encodeUsage(usage) }),
  });
}

export function encodeFailed(
  head: ResponseHead,
  output: readonly JsonObject[],
  error: GatewayError,
): JsonObject {
  const status = error.kind === "cancelled" ? "cancelled" : "failed";
  const { code, message, type } = openAiError(error);
  const told = { code: code ?? type ?? null, message: message ?? "" };
  return encodeResponse(head, status, output, { error: status === "failed" ? told : null });
}
