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
  /** Fields that a provider adds to the part and that the next turn repeats. */
  readonly providerData?: ProviderData;
}

export interface TextPart extends PartBase {
  readonly type: "text";
  readonly text: string;
  readonly annotations?: readonly Annotation[];
  /** Only of answers. */
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

/** `signature` is opaque and means something to providers of one type alone. */
export interface ReasoningPart extends PartBase {
  readonly type: "reasoning";
  readonly text: string;
  readonly signature: Uint8Array;
  readonly redacted: boolean;
  /** Type of the provider that produced the part; in requests also the identifier of an instance. */
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
  /** Fields that a provider's message has beside its parts and that the next turn repeats. */
  readonly providerData?: ProviderData;
}

/** A function that the caller runs. The schema is JSON text, so that key order and bytes survive. */
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

/** Unset fields take the model's default; unset there too, they are not sent. */
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
  /** Return the probabilities of the tokens of text. */
  readonly logprobs?: boolean;
  /** How many of the likeliest tokens in the place of each. */
  readonly topLogprobs?: number;
}

export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "max";

export interface Reasoning {
  readonly effort?: ReasoningEffort;
  readonly budgetTokens?: number;
  readonly includeText?: boolean;
}

/** What follows output without the requested format; unset: it is returned with a warning. */
export type InvalidOutputAction = "fail" | "retry";

export type OutputFormat =
  | { readonly type: "text" }
  | { readonly type: "json-object"; readonly onInvalid?: InvalidOutputAction }
  | {
      readonly type: "json-schema";
      readonly name: string;
      /** JSON Schema as JSON text; it has been checked to parse. */
      readonly schema: string;
      readonly description: string;
      readonly strict?: boolean;
      readonly onInvalid?: InvalidOutputAction;
    };

/** A model to move to; `provider` pins the instance or type where several offer it. */
export interface Fallback {
  readonly model: string;
  readonly provider?: string;
}

export type RoutingStrategy = "ordered" | "lowest-cost" | "lowest-latency";

/** What may happen to a stream whose attempt fails after output was delivered. */
export type MidStreamRecovery = "fail" | "restart" | "continue";

export interface Routing {
  /** Tried when the requested model fails or is not eligible. */
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
  /** Set: one rival attempt is allowed. `delayMs` unset: by measurement. */
  readonly hedge?: { readonly delayMs?: number };
}

/** The caller's wishes; the operator's limits clamp them. Milliseconds. */
export interface RetryPolicy {
  /** At one target, the first attempt included. */
  readonly maxAttempts?: number;
  /** Over all targets. */
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

/** Milliseconds; unset fields take the server's defaults. */
export interface Timeouts {
  readonly totalMs?: number;
  readonly attemptMs?: number;
  readonly connectMs?: number;
  readonly firstTokenMs?: number;
  readonly idleMs?: number;
}

/** Most that a call may spend over all its attempts. */
export interface Budget {
  /** Trillionths of the currency unit. */
  readonly maxCostPicos: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** How a running provider call ends when its generation is cancelled. */
export interface AbortPolicy {
  /** `drain`: it is read on, undelivered, until its counts have come or a bound is met. */
  readonly mode: "close" | "drain";
  readonly maxTimeMs: number;
  /** Trillionths of the price's currency; unset: no bound but the time. */
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
  /** Extra request fields by provider instance, else by provider type. */
  readonly providerOptions: Readonly<Record<string, JsonObject>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly endUserId: string;
  readonly budget?: Budget;
  /** Unset fields take the server's defaults. */
  readonly abort?: Partial<AbortPolicy>;
}
