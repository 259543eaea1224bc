import { createHash } from "node:crypto";
import type { ProviderRequest } from "../provider.ts";
import type { CacheField } from "../shared/chat-messages.ts";
import type { ChatWire } from "../shared/chat-request.ts";

/** The vendor's own endpoints, regional ones included; anything else is a compatible server. */
export function isOpenAi(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "api.openai.com" || hostname.endsWith(".api.openai.com");
}

/** Longest `safety_identifier`. */
const MAX_IDENTIFIER_LENGTH = 128;

/** Facts of a model in the folder's records: `wire` of a `ModelRecord`. */
interface ModelWire {
  /** Field of Chat Completions that takes the token limit. */
  readonly tokenLimitField: string | undefined;
  readonly cacheField: CacheField | undefined;
  /** Streams may ask for `stream_options`. */
  readonly streamOptions: boolean;
  readonly reasoningField: string | undefined;
}

export function modelWire({ model }: ProviderRequest): ModelWire {
  const { tokenLimitField, promptCacheBreakpoints, cacheField, reasoningField, streamOptions } =
    model.wire;
  const breakpoints = promptCacheBreakpoints === true ? "prompt_cache_breakpoint" : undefined;
  const isCacheField = cacheField === "cache_control" || cacheField === "prompt_cache_breakpoint";
  return {
    tokenLimitField: typeof tokenLimitField === "string" ? tokenLimitField : undefined,
    cacheField: isCacheField ? cacheField : breakpoints,
    reasoningField: typeof reasoningField === "string" ? reasoningField : undefined,
    streamOptions: streamOptions !== false,
  };
}

/** The pseudonym of the end user, hashed where it is longer than the field. */
export function safetyIdentifier(endUserId: string): string | undefined {
  if (endUserId === "") return undefined;
  if (endUserId.length <= MAX_IDENTIFIER_LENGTH) return endUserId;
  return createHash("sha256").update(endUserId).digest("hex");
}

/** OpenAI's own Chat Completions, or what compatible servers understand of it. */
export function chatWire(request: ProviderRequest, own: boolean): ChatWire {
  const { tokenLimitField, cacheField, reasoningField, streamOptions } = modelWire(request);
  return {
    // Older compatible servers know `max_tokens` alone and ignore the other name.
    tokenLimitField: tokenLimitField ?? (own ? "max_completion_tokens" : "max_tokens"),
    endUserField: own ? "safety_identifier" : "user",
    endUserId: own ? safetyIdentifier(request.spec.endUserId) : request.spec.endUserId || undefined,
    obfuscates: own,
    cacheField,
    reasoningField,
    streamOptions,
  };
}
