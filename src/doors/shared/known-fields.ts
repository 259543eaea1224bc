// Fields, tools and betas of the vendors' APIs that the contract has no word for, and what each of them changes.
import { dialectOptions } from "../../domain/dialect-options.ts";
import type { JsonValue } from "../../domain/json.ts";

/** What a field changes beside the answer: nothing, what a token costs, or what the vendor keeps. */
export type Effect = "none" | "price" | "retention";

/** A field of a request. */
export type KnownField =
  | {
      readonly effect: Effect;
      /** Values that change nothing. */
      readonly plain: readonly JsonValue[];
    }
  | { readonly inner: KnownFields };

export type KnownFields = Readonly<Record<string, KnownField>>;

/** The facts of one dialect. */
export interface KnownDialect {
  readonly fields: KnownFields;
  /** Types of the vendor's tools, without their dates. */
  readonly tools: Readonly<Record<string, Effect>>;
}

const FREE = { effect: "none", plain: [] } as const;

function changes(effect: Effect, ...plain: JsonValue[]): KnownField {
  return { effect, plain };
}

function each<Value>(names: readonly string[], value: Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** Tiers whose prices are those of the model's record, or lower. */
const TIER = changes("price", "auto", "default", "standard", "standard_only", "flex", "on_demand");
const CACHE_RETENTION = changes("retention", "in_memory", "in-memory");

const OPENAI = {
  ...each(["metadata", "moderation", "prompt_cache_key", "prompt_cache_options"], FREE),
  ...each(["parallel_tool_calls", "tool_choice", "openai-beta"], FREE),
  prompt_cache_retention: CACHE_RETENTION,
  service_tier: TIER,
  stream_options: FREE,
} as const;

const CHAT: KnownDialect = {
  fields: {
    ...OPENAI,
    ...each(["logit_bias", "modalities", "prediction", "response_format", "verbosity"], FREE),
    // Names of servers that speak the dialect.
    ...each(["min_p", "top_a", "repetition_penalty", "chat_template_kwargs"], FREE),
    ...each(["include_reasoning", "reasoning_format", "enable_thinking", "thinking"], FREE),
    audio: changes("price"),
    store: changes("retention", false),
    web_search_options: changes("price"),
  },
  tools: { custom: "none" },
};

const RESPONSES: KnownDialect = {
  fields: {
    ...OPENAI,
    ...each(["client_metadata", "context_management", "include", "max_tool_calls"], FREE),
    ...each(["text", "truncation"], FREE),
    reasoning: {
      inner: {
        ...each(["context", "generate_summary", "summary"], FREE),
        mode: changes("price", "standard"),
      },
    },
  },
  tools: {
    ...each(["apply_patch", "computer", "computer_use_preview", "custom"], "none" as const),
    ...each(["local_shell", "mcp", "namespace", "tool_search"], "none" as const),
    ...each(["code_interpreter", "file_search", "image_generation"], "price" as const),
    ...each(["programmatic_tool_calling", "shell"], "price" as const),
    ...each(["web_search", "web_search_preview"], "price" as const),
  },
};

const MESSAGES: KnownDialect = {
  fields: {
    ...each(["cache_control", "compaction", "context_management", "diagnostics"], FREE),
    ...each(["mcp_servers", "metadata", "output_config", "output_format"], FREE),
    ...each(["thinking", "tool_choice", "anthropic-version"], FREE),
    ...each(["billing_policy", "container", "fallback_credit_token"], changes("price")),
    ...each(["fallbacks", "user_profile_id", "workspace_id"], changes("price")),
    inference_geo: changes("price", "global"),
    service_tier: TIER,
    speed: changes("price", "standard"),
  },
  tools: {
    ...each(["bash", "browser_toolset", "computer", "computer_toolset"], "none" as const),
    ...each(["mcp_toolset", "memory", "text_editor"], "none" as const),
    ...each(["tool_search_tool_bm25", "tool_search_tool_regex", "web_fetch"], "none" as const),
    ...each(["advisor", "code_execution", "web_search"], "price" as const),
  },
};

/** By the names that options of a dialect have in `provider_options`. */
const DIALECTS: Readonly<Record<string, KnownDialect>> = {
  [dialectOptions("chat")]: CHAT,
  [dialectOptions("responses")]: RESPONSES,
  [dialectOptions("messages")]: MESSAGES,
};

/** Options for an instance or a type can have the fields of every dialect. */
const ANY: KnownDialect = {
  fields: { ...CHAT.fields, ...RESPONSES.fields, ...MESSAGES.fields },
  tools: { ...CHAT.tools, ...RESPONSES.tools, ...MESSAGES.tools },
};

/** What is known of the fields and tools of an owner in `provider_options`. */
export function knownDialect(owner: string): KnownDialect {
  return DIALECTS[owner] ?? ANY;
}

const BETAS: Readonly<Record<string, Effect>> = {
  ...each(["advanced-tool-use", "agent-memory", "cache-diagnosis", "claude-code"], "none" as const),
  ...each(["code-execution", "compact", "computer-use", "context-management"], "none" as const),
  ...each(["effort", "extended-cache-ttl", "files-api", "inline-tools"], "none" as const),
  ...each(["fine-grained-tool-streaming", "interleaved-thinking"], "none" as const),
  ...each(["mcp-client", "message-threads", "model-context-window-exceeded"], "none" as const),
  ...each(["mid-conversation-output-config", "mid-conversation-system-clear-at"], "none" as const),
  ...each(["mid-conversation-tool-changes", "oauth", "output-128k"], "none" as const),
  ...each(["output-300k", "pdfs", "per-turn-control", "prompt-caching"], "none" as const),
  ...each(["search-results", "skills", "structured-outputs", "task-budgets"], "none" as const),
  ...each(["thinking-binding-controls", "thinking-display-updates"], "none" as const),
  ...each(["thinking-token-count", "token-counting", "token-efficient-tools"], "none" as const),
  ...each(["tool-examples", "web-fetch"], "none" as const),
  ...each(["advisor-tool", "context-1m", "fallback-credit", "fast-mode"], "price" as const),
  ...each(["server-side-fallback", "user-profiles-billing"], "price" as const),
};

/** A name without its date: vendors give the same tool or beta a new date now and then. */
export function withoutDate(name: string): string {
  return name.replace(/[-_](?:\d{8}|\d{4}-\d{2}-\d{2})$/, "");
}

/** What a beta of Anthropic's changes; undefined: it is not known. */
export function betaEffect(name: string): Effect | undefined {
  return BETAS[withoutDate(name)];
}
