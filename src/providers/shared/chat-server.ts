import { createHash } from "node:crypto";
import type { JsonObject } from "../../domain/json.ts";
import type { GoesBack } from "../../domain/model.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { ProviderRequest } from "../provider.ts";
import type { CacheField, ReasoningField, SystemPlace } from "./chat-messages.ts";
import type { ChatWire } from "./chat-request.ts";

/** Differences between servers of Chat Completions, for all models of a server. */
export interface ChatServer {
  readonly tokenLimitField: "max_tokens" | "max_completion_tokens";
  readonly endUserField: "user" | "safety_identifier";
  readonly seedField: "seed" | "random_seed";
  readonly systemPlace: SystemPlace;
  readonly reasoningField: ReasoningField | undefined;
  readonly cacheField: CacheField | undefined;
  readonly streamOptions: boolean;
  /** Whether the server pads streamed deltas unless told otherwise. */
  readonly obfuscates: boolean;
}

/** The form that nearly all compatible servers support. Older ones ignore `max_completion_tokens`. */
export const COMPATIBLE_SERVER: ChatServer = {
  tokenLimitField: "max_tokens",
  endUserField: "user",
  seedField: "seed",
  systemPlace: "anywhere",
  reasoningField: undefined,
  cacheField: undefined,
  streamOptions: true,
  obfuscates: false,
};

/** Keys of `wire` for models of the dialect. */
export const CHAT_FACTS = [
  "reasoningField",
  "tokenLimitField",
  "streamOptions",
  "cacheField",
  "systemPlace",
] as const;
export const RESPONSES_FACTS = ["cacheField"] as const;

const REASONING_FIELDS: Readonly<Record<string, ReasoningField>> = {
  reasoning: "reasoning",
  reasoning_content: "reasoning_content",
  content: "content",
};
const CACHE_FIELDS: Readonly<Record<string, CacheField>> = {
  cache_control: "cache_control",
  prompt_cache_breakpoint: "prompt_cache_breakpoint",
};

function word<T>(words: Readonly<Record<string, T>>, value: unknown): T | undefined {
  return typeof value === "string" ? ownValue(words, value) : undefined;
}

/** The field for cache hints of a model; undefined: there is none. */
export function cacheFieldOf({ promptCacheBreakpoints, cacheField }: JsonObject) {
  const breakpoints = promptCacheBreakpoints === true ? "prompt_cache_breakpoint" : undefined;
  return word(CACHE_FIELDS, cacheField) ?? breakpoints;
}

/**
 * Additions of answers that a model accepts in the history of a request. Chat Completions has no field for sources of
 * a text.
 */
export function chatGoesBack(
  wire: JsonObject,
  server: Pick<ChatServer, "reasoningField">,
): GoesBack {
  const isTaken = reasoningFieldOf(wire, server) !== undefined;
  return { reasoning: isTaken ? "text" : "never", annotations: false };
}

/** The field for returned thoughts of a model; undefined: there is none. */
function reasoningFieldOf(
  { reasoningField }: JsonObject,
  server: Pick<ChatServer, "reasoningField">,
): ReasoningField | undefined {
  return word(REASONING_FIELDS, reasoningField) ?? server.reasoningField;
}

/** Longest `safety_identifier`, in characters. */
const MAX_IDENTIFIER_LENGTH = 128;

/** The pseudonym of the end user, hashed if it is too long for the field. */
export function safetyIdentifier(endUserId: string): string | undefined {
  if (endUserId === "") return undefined;
  if (endUserId.length <= MAX_IDENTIFIER_LENGTH) return endUserId;
  return createHash("sha256").update(endUserId).digest("hex");
}

/** The wire of one request. Facts of the model take precedence over those of its server. */
export function chatWire({ model, spec }: ProviderRequest, server: ChatServer): ChatWire {
  const { wire } = model;
  const { tokenLimitField, streamOptions, systemPlace } = wire;
  const { endUserField, obfuscates, seedField } = server;
  return {
    tokenLimitField: typeof tokenLimitField === "string" ? tokenLimitField : server.tokenLimitField,
    endUserField,
    endUserId:
      endUserField === "safety_identifier"
        ? safetyIdentifier(spec.endUserId)
        : spec.endUserId || undefined,
    seedField,
    obfuscates,
    cacheField: cacheFieldOf(wire) ?? server.cacheField,
    reasoningField: reasoningFieldOf(wire, server),
    streamOptions: streamOptions === undefined ? server.streamOptions : streamOptions !== false,
    systemPlace:
      systemPlace === "first" || systemPlace === "anywhere" ? systemPlace : server.systemPlace,
  };
}
