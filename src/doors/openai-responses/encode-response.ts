// Encodes the object `response` of each status.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation } from "../../domain/generation.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { FinishReason } from "../../domain/provider-event.ts";
import type { TokenUsage } from "../../domain/token-usage.ts";
import { openAiError } from "../shared/openai-error.ts";
import { groupOf, ownMetadata, withOwnCounts } from "../shared/own-fields.ts";
import { ORIGIN } from "./decode-input.ts";
import type { ResponseRecord } from "./response-record.ts";

const PREFIX = "resp_";

/** Identifier of a response. Responses that are not stored have one too. */
function responseId({ seed }: Pick<ResponseRecord, "seed">): string {
  return `${PREFIX}${seed}`;
}

/** Identifier of the stored stream of a response; undefined: `id` is not an identifier of a response. */
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

/** Reason why the output is incomplete; undefined: the output is complete. */
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
  const { inputTokens, outputTokens, cacheWriteTokens: written, cacheWriteLongTokens } = usage;
  const long = cacheWriteLongTokens ?? 0;
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens ?? 0,
      ...(written !== undefined && { cache_write_tokens: written }),
      ...(written !== undefined &&
        cacheWriteLongTokens !== undefined && {
          cache_write_tokens_details: { ttl_12h_tokens: long, ttl_30m_tokens: written - long },
        }),
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

/** The object with the fields of every status. */
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

/** The object of a successful generation, with the fields that a provider of the dialect adds. */
export function encodeEnded(
  head: ResponseHead,
  output: readonly JsonObject[],
  generation: Generation,
): JsonObject {
  const { finishReason, usage } = generation;
  const metadata = ownMetadata(generation, ORIGIN.api);
  const { usage: _, content: __, ...top } = metadata;
  const reason = incompleteReason(finishReason);
  const status = reason === undefined ? "completed" : "incomplete";
  const counts = usage && withOwnCounts(encodeUsage(usage), groupOf(metadata, "usage"));
  return {
    ...top,
    ...encodeResponse(head, status, output, {
      ...(reason !== undefined && { incomplete_details: { reason } }),
      ...(counts !== undefined && { usage: counts }),
    }),
  };
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
