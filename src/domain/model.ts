import type { Sampling } from "./generation-spec.ts";
import type { JsonObject } from "./json.ts";
import type { TokenRules } from "./token-rules.ts";

/** Something a model can do: one per `ModelCapability` of the contract. */
export const CAPABILITIES = [
  "generate",
  "stream",
  "image-input",
  "file-input",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
  "reasoning",
  "prompt-cache",
  "continuation",
  "count-tokens",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** A request field that a target may not support. It is left out with a warning, or the target is rejected. */
export const PARAMETERS = [
  "sampling.max_output_tokens",
  "sampling.temperature",
  "sampling.top_p",
  "sampling.top_k",
  "sampling.frequency_penalty",
  "sampling.presence_penalty",
  "sampling.seed",
  "sampling.stop_sequences",
  "sampling.logprobs",
  "reasoning.effort",
  "reasoning.budget_tokens",
  "reasoning.include_text",
  "tool_choice.parallel",
  "messages.name",
  "end_user_id",
] as const;
export type Parameter = (typeof PARAMETERS)[number];

/** A requirement of a request. Without it, the target is not eligible. */
export const FEATURES = [
  "tools",
  "provider-tools",
  "forced-tool-choice",
  "image-input",
  "file-input",
  "json-object",
  "json-schema",
] as const;
export type Feature = (typeof FEATURES)[number];

/**
 * A combination that a model refuses. Without a condition the model always refuses `refuses`; otherwise all given
 * conditions must hold.
 */
export interface ModelRule {
  readonly refuses: Parameter | Feature;
  /** Only in this dialect. */
  readonly dialect?: string;
  /** Accepted if the effective effort (requested, otherwise the model's default) is one of these. */
  readonly unlessEffort?: readonly string[];
  /** Refused only in combination with this. */
  readonly together?: Parameter | Feature;
}

/** The identifiers of tool calls that a vendor accepts. */
export interface CallIdRule {
  readonly pattern: RegExp;
  /**
   * Length of generated identifiers (letters and digits), which match `pattern` and replace identifiers that do
   * not.
   */
  readonly madeLength: number;
}

/** A vendor's limits on values of a request. Unset: no known limit. */
export interface WireLimits {
  readonly callIds?: CallIdRule;
  readonly maxTemperature?: number;
  readonly maxStopSequences?: number;
  /** Most parts with a cache hint. */
  readonly maxCacheMarks?: number;
  /** Least budget for thinking. The upper bound is the token limit. */
  readonly minBudgetTokens?: number;
  /** With a budget for thinking, a turn can continue after its tool calls only if thinking precedes them. */
  readonly thinkingBeforeCalls?: boolean;
}

/** Additions of an answer that a target accepts in the history of a request. */
export interface GoesBack {
  /** Thoughts as text, only with their provider's signature, or not at all. */
  readonly reasoning: "text" | "signed" | "never";
  /** Sources of texts. */
  readonly annotations: boolean;
}

/** Prices per token in trillionths (1e-12) of the currency unit: price per million tokens × 10^6. */
export interface TokenPrices {
  readonly inputPicos: number;
  readonly outputPicos: number;
  readonly cacheReadPicos?: number;
  readonly cacheWritePicos?: number;
  readonly cacheWriteLongPicos?: number;
}

/**
 * Prices for prompts of more than `aboveInputTokens` tokens. The highest tier exceeded applies to the whole
 * request.
 */
export interface PriceTier extends Partial<TokenPrices> {
  readonly aboveInputTokens: number;
}

export interface Pricing extends TokenPrices {
  /** ISO 4217. */
  readonly currency: string;
  /** Date of the price, `YYYY-MM-DD` or shorter. */
  readonly date: string;
  readonly tiers: readonly PriceTier[];
}

/** The operator's prices of a model: all of them, or only those of cached tokens. */
export interface PriceOverride {
  readonly prices: Partial<TokenPrices>;
  readonly currency?: string;
  readonly tiers: readonly PriceTier[];
}

/** The prices for a prompt of `inputTokens` tokens. The highest tier exceeded applies to all of it. */
export function pricesAt(pricing: Pricing, inputTokens: number): TokenPrices {
  const tier = pricing.tiers
    .filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens)
    .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)
    .at(-1);
  return { ...pricing, ...tier };
}

/** How the provider is asked for the answer of a unary call. `auto` streams if another target is left. */
export const UNARY_UPSTREAMS = ["auto", "whole", "stream"] as const;
export type UnaryUpstream = (typeof UNARY_UPSTREAMS)[number];

/** Limits of one target in milliseconds. Unset: the server's. */
export interface TargetTimeouts {
  readonly connectMs?: number;
  readonly firstTokenMs?: number;
  /** First token, if another target is left. */
  readonly firstTokenFailoverMs?: number;
  /** An answer that is delivered as a whole, if another target is left. */
  readonly answerFailoverMs?: number;
  readonly idleMs?: number;
  /** First token (if another target is left) and idle limit of a model that reasons. */
  readonly reasoningMs?: number;
  readonly reasoningFailoverMs?: number;
}

/** The facts about a model, from its provider's folder or the operator's configuration. */
export interface ModelRecord {
  readonly id: string;
  readonly displayName?: string;
  /** The provider's own name; default: `id`. */
  readonly providerModel?: string;
  readonly aliases?: readonly string[];
  readonly contextWindow?: number;
  readonly maxInputTokens?: number;
  readonly maxOutputTokens?: number;
  readonly capabilities: readonly Capability[];
  /** Supported parameters. Those that the dialect cannot carry are removed. */
  readonly parameters: readonly Parameter[];
  readonly rules?: readonly ModelRule[];
  /** The provider's effort values, rising. `reasoning.effort` maps to them, MAX to the last. */
  readonly efforts?: readonly string[];
  /** Effort values in dialects where they differ from `efforts`. */
  readonly dialectEfforts?: Readonly<Record<string, readonly string[]>>;
  readonly defaultEffort?: string;
  /** Dialect that this model requires, if the provider has several. */
  readonly dialect?: string;
  readonly defaultSampling?: Sampling;
  /** Values set by `sampling.deterministic`. Default: temperature 0. */
  readonly deterministicSampling?: {
    readonly temperature?: number;
    readonly topP?: number;
  };
  /** Limits of its vendor by dialect, on every server. */
  readonly limits?: Readonly<Record<string, WireLimits>>;
  /** Facts that only the adapter in the same folder reads. */
  readonly wire?: JsonObject;
  readonly pricing?: Pricing;
  /** Models (or `INSTANCE/MODEL`) to fail over to if a call names no fallbacks. */
  readonly fallbacks?: readonly string[];
  /** A verdict of its content filter leads to the next target. Default: false. */
  readonly failoverOnContentFilter?: boolean;
  /** Last day of service, `YYYY-MM-DD`. If set, the model is deprecated. */
  readonly endDate?: string;
  readonly timeouts?: TargetTimeouts;
}

/** A model at one provider instance, with all facts resolved. */
export interface Model {
  readonly id: string;
  /** Provider instance. */
  readonly provider: string;
  readonly providerType: string;
  readonly providerModel: string;
  readonly displayName: string;
  readonly aliases: readonly string[];
  readonly contextWindow: number | undefined;
  readonly maxInputTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly capabilities: ReadonlySet<Capability>;
  readonly dialect: string;
  readonly parameters: ReadonlySet<Parameter>;
  /** Rules that apply in this model's dialect. */
  readonly rules: readonly ModelRule[];
  readonly efforts: readonly string[];
  readonly defaultEffort: string | undefined;
  readonly defaultSampling: Sampling;
  readonly deterministicSampling: {
    readonly temperature?: number;
    readonly topP?: number;
  };
  /** Limits of its instance's address and of its vendor. */
  readonly limits: WireLimits;
  readonly wire: JsonObject;
  readonly goesBack: GoesBack;
  readonly pricing: Pricing | undefined;
  /** How tokens are counted if the provider does not report them. */
  readonly tokens: TokenRules;
  readonly deprecated: boolean;
  /** In no list: a request named the model at an instance that accepts any name. */
  readonly isUnlisted: boolean;
  /** Names of models to fail over to if a call names no fallbacks. */
  readonly fallbacks: readonly string[];
  /** The operator lets a verdict of its content filter lead to the next target. */
  readonly failoverOnContentFilter: boolean;
  /** The instance can continue a last message of the assistant. */
  readonly prefill: boolean;
  /** The instance receives the trace context of its calls. */
  readonly traceContext: boolean;
  /** `auto` only if streams of its dialect report the same usage as whole answers. */
  readonly unaryUpstream: UnaryUpstream;
  /** Undefined: all limits are the server's. */
  readonly timeouts: TargetTimeouts | undefined;
}
