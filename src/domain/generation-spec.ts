import type { ErrorKind } from "./gateway-error.ts";
import type { JsonObject } from "./json.ts";
import type { Annotation, ProviderData, TokenLogprob } from "./provider-data.ts";

export type Role = "system" | "user" | "assistant" | "tool";

/** Marks the end of a reusable prompt prefix; `ttl` is empty for the provider's default lifetime. */
export interface CacheHint {
  readonly ttl: string;
}

/** Where the bytes of an image or a file come from. */
export type MediaSource =
  | {
      readonly type: "inline";
      readonly data: Uint8Array;
      readonly mediaType: string;
    }
  | { readonly type: "uri"; readonly uri: string; readonly mediaType: string }
  | {
      readonly type: "provider-file";
      readonly fileId: string;
      readonly provider: string;
      readonly mediaType: string;
    };

interface PartBase {
  readonly cacheHint?: CacheHint;
  /** Fields that the provider adds to the part and that the next turn must repeat. */
  readonly providerData?: ProviderData;
}

export interface TextPart extends PartBase {
  readonly type: "text";
  readonly text: string;
  readonly annotations?: readonly Annotation[];
  /** Only in answers. */
  readonly logprobs?: readonly TokenLogprob[];
}

export interface ImagePart extends PartBase {
  readonly type: "image";
  readonly source: MediaSource;
  readonly detail?: "auto" | "low" | "high";
}

export interface FilePart extends PartBase {
  readonly type: "file";
  readonly source: MediaSource;
  readonly filename: string;
}

/** `argumentsJson` is JSON text byte for byte as the model produced it; it can be malformed. */
export interface ToolCallPart extends PartBase {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  readonly argumentsJson: string;
}

export interface ToolResultPart extends PartBase {
  readonly type: "tool-result";
  readonly toolCallId: string;
  readonly name: string;
  readonly content: readonly Part[];
  readonly isError: boolean;
}

/** Only providers of one type understand `signature`. */
export interface ReasoningPart extends PartBase {
  readonly type: "reasoning";
  readonly text: string;
  readonly signature: Uint8Array;
  readonly redacted: boolean;
  /** Type of the provider that produced the part. Requests can name an instance instead. */
  readonly provider: string;
}

export interface RefusalPart extends PartBase {
  readonly type: "refusal";
  readonly text: string;
}

/** A content block or an item as a provider writes it. */
export interface ProviderPart extends ProviderData {
  readonly type: "provider";
  readonly cacheHint?: CacheHint;
  readonly providerData?: never;
}

export type Part =
  | TextPart
  | ImagePart
  | FilePart
  | ToolCallPart
  | ToolResultPart
  | ReasoningPart
  | RefusalPart
  | ProviderPart;

export interface Message {
  readonly role: Role;
  readonly parts: readonly Part[];
  readonly name?: string;
  /** Fields of a provider's message outside its parts that the next turn must repeat. */
  readonly providerData?: ProviderData;
}

/** A function that the caller runs. The schema is JSON text, which keeps key order and bytes. */
export interface FunctionTool {
  readonly type: "function";
  readonly name: string;
  readonly description: string;
  readonly parametersJsonSchema: string;
  readonly strict?: boolean;
}

/** A tool that `provider` runs itself; `config` is the provider's own tool object. */
export interface ProviderTool {
  readonly type: "provider";
  readonly provider: string;
  readonly config: JsonObject;
}

export type Tool = FunctionTool | ProviderTool;

export interface ToolChoice {
  readonly mode: "auto" | "none" | "required" | { readonly functionName: string };
  readonly parallel?: boolean;
}

/** Unset fields take the model's default. Fields without a default are not sent. */
export interface Sampling {
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly seed?: number;
  readonly stopSequences?: readonly string[];
  readonly deterministic?: boolean;
  /** Return the probabilities of text tokens. */
  readonly logprobs?: boolean;
  /** Number of most likely tokens to return for each position. */
  readonly topLogprobs?: number;
}

export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "max";

export interface Reasoning {
  readonly effort?: ReasoningEffort;
  readonly budgetTokens?: number;
  readonly includeText?: boolean;
}

/** Reaction to output without the requested format. Unset: the output is returned with a warning. */
export type InvalidOutputAction = "fail" | "retry";

export type OutputFormat =
  | { readonly type: "text" }
  | { readonly type: "json-object"; readonly onInvalid?: InvalidOutputAction }
  | {
      readonly type: "json-schema";
      readonly name: string;
      /** JSON Schema as JSON text that parses. */
      readonly schema: string;
      readonly description: string;
      readonly strict?: boolean;
      readonly onInvalid?: InvalidOutputAction;
    };

/** A model to fail over to. `provider` pins the instance or type if several offer the model. */
export interface Fallback {
  readonly model: string;
  readonly provider?: string;
}

export type RoutingStrategy = "ordered" | "lowest-cost" | "lowest-latency";

/** Reaction to a failed attempt whose output was already delivered. */
export type MidStreamRecovery = "fail" | "restart" | "continue";

export interface Routing {
  /** Targets to try when the requested model fails or is not eligible. */
  readonly fallbacks: readonly Fallback[];
  readonly strategy: RoutingStrategy;
  /** Provider instances or types; empty means any. */
  readonly allowedProviders: readonly string[];
  readonly deniedProviders: readonly string[];
  readonly unsupportedParameters: "drop" | "reject";
  /** Kinds that may lead to the next target; empty means every kind of the server's table. */
  readonly failoverOn: readonly ErrorKind[];
  readonly disableFailover: boolean;
  readonly midStreamRecovery: MidStreamRecovery;
  /** If set, one rival attempt is allowed. `delayMs` unset: the measured 95th percentile of the first token. */
  readonly hedge?: { readonly delayMs?: number };
}

/** The caller's limits in milliseconds; the operator's limits clamp them. */
export interface RetryPolicy {
  /** Attempts at one target, the first included. */
  readonly maxAttempts?: number;
  /** Attempts over all targets. */
  readonly maxTotalAttempts?: number;
  readonly initialBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly backoffMultiplier?: number;
  /** Random share of each wait, 0 to 1. */
  readonly jitter?: number;
  readonly maxTotalDelayMs?: number;
  /** Kinds to retry; empty means every kind of the server's table. */
  readonly retryOn: readonly ErrorKind[];
}

/** In milliseconds. Unset fields take the server's defaults. */
export interface Timeouts {
  readonly totalMs?: number;
  readonly attemptMs?: number;
  readonly connectMs?: number;
  readonly firstTokenMs?: number;
  readonly idleMs?: number;
}

/** Upper bound of the cost of a call over all its attempts. */
export interface Budget {
  /** Trillionths of the currency unit. */
  readonly maxCostPicos: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** How a running provider call ends when its generation is cancelled. */
export interface AbortPolicy {
  /** `drain`: read without delivery until the counts have arrived or a limit is reached. */
  readonly mode: "close" | "drain";
  readonly maxTimeMs: number;
  /** Trillionths of the price's currency. Unset: only the time is limited. */
  readonly maxCostPicos?: number;
}

/** Everything that defines one generation, decoded and checked. */
export interface GenerationSpec {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly sampling: Sampling;
  readonly reasoning: Reasoning;
  readonly outputFormat: OutputFormat;
  readonly routing: Routing;
  readonly retry: RetryPolicy;
  readonly timeouts: Timeouts;
  /** Extra request fields by provider instance, otherwise by provider type. */
  readonly providerOptions: Readonly<Record<string, JsonObject>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly endUserId: string;
  readonly budget?: Budget;
  /** Unset fields take the server's defaults. */
  readonly abort?: Partial<AbortPolicy>;
}
