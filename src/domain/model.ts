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

/** A request field that a target may not take. Left out with a warning, or a reason to reject the target. */
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

/** Something a request needs. It cannot be left out: without it the target is not eligible. */
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
 * A combination that a model refuses. Without a condition the model refuses
 * `refuses` outright; every condition given must hold.
 */
export interface ModelRule {
  readonly refuses: Parameter | Feature;
  /** Only in this dialect. */
  readonly dialect?: string;
  /** Accepted when the effort in force (asked for, else the model's default) is one of these. */
  readonly unlessEffort?: readonly string[];
  /** Only together with this. */
  readonly together?: Parameter | Feature;
}

/** Identifiers of tool calls that a vendor takes. */
export interface CallIdRule {
  readonly pattern: RegExp;
  /** Length of an identifier of letters and digits that fits `pattern`, and stands for one that does not. */
  readonly madeLength: number;
}

/** What a vendor takes of a request's values; what is unset has no known limit. */
export interface WireLimits {
  readonly callIds?: CallIdRule;
  readonly maxTemperature?: number;
  readonly maxStopSequences?: number;
  /** Parts that a cache hint marks. */
  readonly maxCacheMarks?: number;
  /** Least budget of thinking; the most is below the limit of tokens. */
  readonly minBudgetTokens?: number;
  /** With a budget of thinking, a turn goes on behind its tool calls only if thinking stands before them. */
  readonly thinkingBeforeCalls?: boolean;
}

/** What of an answer's additions a target takes in the history of a request. */
export interface GoesBack {
  /** Thoughts as their text, by what their provider has signed of them, or not at all. */
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

/** Prices for prompts of more than `aboveInputTokens` tokens; the highest tier exceeded holds for the whole request. */
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

/** The operator's own prices of a model: all of them, or those of cached tokens alone. */
export interface PriceOverride {
  readonly prices: Partial<TokenPrices>;
  readonly currency?: string;
  readonly tiers: readonly PriceTier[];
}

/** The prices of a prompt of so many tokens: the highest tier exceeded holds for all of it. */
export function pricesAt(pricing: Pricing, inputTokens: number): TokenPrices {
  const tier = pricing.tiers
    .filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens)
    .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)
    .at(-1);
  return { ...pricing, ...tier };
}

/** How the provider is asked for the answer of a unary call; `auto` streams where another target is left. */
export const UNARY_UPSTREAMS = ["auto", "whole", "stream"] as const;
export type UnaryUpstream = (typeof UNARY_UPSTREAMS)[number];

/** Limits of one target in milliseconds; what is unset is the server's. */
export interface TargetTimeouts {
  readonly connectMs?: number;
  readonly firstTokenMs?: number;
  /** First token while another target is left. */
  readonly firstTokenFailoverMs?: number;
  /** An answer that comes as a whole, while another target is left. */
  readonly answerFailoverMs?: number;
  readonly idleMs?: number;
  /** First token and idle of a model that reasons; the former while another target is left. */
  readonly reasoningMs?: number;
  readonly reasoningFailoverMs?: number;
}

/** What is known of a model, in the folder of its provider or in the operator's configuration. */
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
  /** Parameters it takes at all; what the dialect cannot carry is taken away. */
  readonly parameters: readonly Parameter[];
  readonly rules?: readonly ModelRule[];
  /** The provider's own effort values, rising; `reasoning.effort` maps to them, MAX to the last. */
  readonly efforts?: readonly string[];
  /** Dialects in which it takes other values than `efforts`. */
  readonly dialectEfforts?: Readonly<Record<string, readonly string[]>>;
  readonly defaultEffort?: string;
  /** Dialect this model must be called in, where the provider speaks several. */
  readonly dialect?: string;
  readonly defaultSampling?: Sampling;
  /** What `sampling.deterministic` sets; default: temperature 0. */
  readonly deterministicSampling?: {
    readonly temperature?: number;
    readonly topP?: number;
  };
  /** Limits of its vendor by dialect, wherever it is served. */
  readonly limits?: Readonly<Record<string, WireLimits>>;
  /** Facts that only the adapter in the same folder reads. */
  readonly wire?: JsonObject;
  readonly pricing?: Pricing;
  /** Models, or `INSTANCE/MODEL`, that follow where a call names no fallbacks of its own. */
  readonly fallbacks?: readonly string[];
  /** A verdict of its content filter leads to the next target; default: false. */
  readonly failoverOnContentFilter?: boolean;
  /** Last day of service, `YYYY-MM-DD`; set means deprecated. */
  readonly endDate?: string;
  readonly timeouts?: TargetTimeouts;
}

/** A model at one provider instance: a record with everything resolved. */
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
  /** Rules of this model's dialect only. */
  readonly rules: readonly ModelRule[];
  readonly efforts: readonly string[];
  readonly defaultEffort: string | undefined;
  readonly defaultSampling: Sampling;
  readonly deterministicSampling: {
    readonly temperature?: number;
    readonly topP?: number;
  };
  /** Limits of its instance's address, and of its vendor. */
  readonly limits: WireLimits;
  readonly wire: JsonObject;
  readonly goesBack: GoesBack;
  readonly pricing: Pricing | undefined;
  /** How tokens are counted where the provider does not report them. */
  readonly tokens: TokenRules;
  readonly deprecated: boolean;
  /** No list has it: a request has named it at an instance that takes any name. */
  readonly isUnlisted: boolean;
  /** Names of models that follow where a call names no fallbacks of its own. */
  readonly fallbacks: readonly string[];
  /** The operator lets a verdict of its content filter lead to the next target. */
  readonly failoverOnContentFilter: boolean;
  /** Its instance goes on after a last message of the assistant. */
  readonly prefill: boolean;
  /** Its instance gets the trace context of its calls. */
  readonly traceContext: boolean;
  /** `auto` only where streams of its dialect report usage as whole answers do. */
  readonly unaryUpstream: UnaryUpstream;
  /** Undefined: all are the server's. */
  readonly timeouts: TargetTimeouts | undefined;
}
