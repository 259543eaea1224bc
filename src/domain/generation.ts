import type { Cost } from "./cost.ts";
import type { ErrorReason } from "./error-reasons.ts";
import type { ErrorKind, GatewayError, ProviderFailure } from "./gateway-error.ts";
import type { Message } from "./generation-spec.ts";
import type { JsonObject } from "./json.ts";
import type { FinishReason, ProviderEvent } from "./provider-event.ts";
import type { TokenUsage } from "./token-usage.ts";
import { ToldFailure } from "./told-failure.ts";
import type { Warning } from "./warning.ts";

/** A place where a generation can run: a model at a provider instance. */
export interface TargetName {
  readonly provider: string;
  readonly model: string;
  /** A request made the name up, so state kept under it must be bounded. */
  readonly isUnlisted?: true;
}

export type AttemptTrigger =
  | "initial"
  | "retry"
  | "failover"
  | "hedge"
  | "continuation"
  /** The output did not have the requested format. */
  | "repair"
  /** Another replica continues a stream whose owner was lost. */
  | "takeover";

export type AttemptOutcome =
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  /** Not sent. */
  | "skipped"
  /** A rival attempt delivered the first content. */
  | "superseded";

/** One call to one provider, or the decision not to make it. */
export interface Attempt extends TargetName {
  /** From 1. */
  readonly index: number;
  readonly trigger: AttemptTrigger;
  readonly outcome: AttemptOutcome;
  readonly errorKind?: ErrorKind;
  readonly errorMessage?: string;
  /** Unset if the reason is that of the kind. */
  readonly errorReason?: ErrorReason;
  readonly providerFailure?: ProviderFailure;
  /** Milliseconds since the epoch. */
  readonly startTimeMs: number;
  readonly durationMs: number;
  readonly timeToFirstTokenMs?: number;
  /** Wait before it began. */
  readonly delayMs: number;
  /** The provider asked for the wait. */
  readonly delayFromProvider: boolean;
  readonly usage?: TokenUsage;
  /** Unset if the price is unknown or nothing is charged. */
  readonly cost?: Cost;
  /** Output of this attempt had reached the caller when it failed. */
  readonly outputDelivered: boolean;
}

/** Measurements of one generation, in milliseconds. */
export interface Timing {
  readonly totalMs: number;
  readonly timeToFirstTokenMs?: number;
  /** Time in the gateway's queue. */
  readonly queuedMs: number;
  /** All waits between attempts. */
  readonly retryDelayMs: number;
  readonly chunkGapP50Ms?: number;
  readonly chunkGapP95Ms?: number;
  readonly chunkGapMaxMs?: number;
  readonly stallCount: number;
  readonly chunkCount: number;
  /** Unicode code points of output text. */
  readonly characterCount: number;
}

/** The result of one generation. */
export interface Generation {
  readonly generationId: string;
  readonly requestedModel: string;
  readonly provider: string;
  readonly model: string;
  /** Exact version as the provider reports it. */
  readonly providerModel: string;
  readonly providerResponseId: string;
  readonly message: Message | undefined;
  readonly finishReason: FinishReason | undefined;
  readonly providerFinishReason: string;
  readonly outputJson: string | undefined;
  readonly outputText: string;
  readonly usage: TokenUsage | undefined;
  readonly totalUsage: TokenUsage | undefined;
  /** Cost of all attempts; undefined if one has an unknown price. */
  readonly cost: Cost | undefined;
  readonly attempts: readonly Attempt[];
  readonly timing: Timing;
  readonly warnings: readonly Warning[];
  /** Dialect of the answer, and so of the metadata; empty: nobody has answered. */
  readonly providerApi: string;
  readonly providerMetadata: Readonly<Record<string, JsonObject>>;
  readonly createTimeMs: number;
}

/** The error of a failed generation, with the known part of the result. */
export interface GenerationFailure {
  readonly error: GatewayError;
  readonly partial: Generation;
}

/** What happens after a failed attempt. */
export type RecoveryAction = "retry" | "failover" | "continue" | "takeover" | "repair";

/** What a stream survives, rising: nothing, a lost connection, a restart of the process, the loss of a replica. */
export type StreamDurability = "none" | "process" | "host" | "cluster";

/** An attempt failed and another one follows. */
export interface AttemptNotice {
  readonly failed: Attempt;
  readonly action: RecoveryAction;
  readonly next: TargetName;
  readonly delayMs: number;
  /** The output delivered so far is void; the next delta opens part 0. */
  readonly discardOutput: boolean;
}

/** A change of the JSON in the text of a part. */
export interface JsonDelta {
  readonly type: "json-delta";
  readonly partIndex: number;
  /** Index of the document in the part, from 0. */
  readonly documentIndex: number;
  /** RFC 6901 pointer. */
  readonly pointer: string;
  /** Text to append to the string there. */
  readonly append?: string;
  /** The new value there, as JSON text. At most one of this and `append` is set. */
  readonly valueJson?: string;
  /** The value there will not change any more. */
  readonly final: boolean;
}

/** Content of a stream event. Deltas pass from the provider unchanged. */
export type StreamEventBody =
  | {
      readonly type: "start";
      readonly streamId: string;
      readonly generationId: string;
      readonly requestedModel: string;
      readonly target: TargetName;
      readonly createTimeMs: number;
      readonly durability: StreamDurability;
      /** How long the stream can be replayed after its end; unset if it is not stored. */
      readonly retentionMs?: number;
    }
  | Extract<ProviderEvent, { readonly type: "text-delta" | "reasoning-delta" | "tool-call-delta" }>
  /** `isShort`: sent without the text of the part's deltas. */
  | (Extract<ProviderEvent, { readonly type: "part-end" }> & { readonly isShort?: boolean })
  | JsonDelta
  | {
      readonly type: "usage";
      readonly usage: TokenUsage;
      readonly cost: Cost | undefined;
      readonly final: boolean;
    }
  | { readonly type: "attempt-notice"; readonly notice: AttemptNotice }
  | {
      readonly type: "complete";
      readonly generation: Generation;
      /** `whole`: the message is included whatever its length. */
      readonly message: "omitted" | "within-limit" | "whole";
      /** Sequence of the first event whose output is valid; without output, that of this event. */
      readonly firstOutputSequence: number;
    }
  | { readonly type: "error"; readonly failure: GenerationFailure }
  | { readonly type: "heartbeat"; readonly isUndurable: boolean };

/** One event of a stream: `docs/streams.md` has the rules of `sequence`. */
export interface StreamEvent {
  readonly sequence: number;
  /** 0 if no attempt produced the event. */
  readonly attemptIndex: number;
  /** Milliseconds since the epoch; set if the caller asked for it. */
  readonly eventTimeMs?: number;
  readonly body: StreamEventBody;
}

/** An event as the log stores it. */
export interface StoredEvent extends StreamEvent {
  /** Number of the writer's life of the stream; 0 if the stream is not stored. */
  readonly writer: number;
}

/** Thrown when an admitted generation failed. */
export class GenerationFailed extends ToldFailure {
  override readonly name = "GenerationFailed";
  readonly failure: GenerationFailure;
  readonly error: GatewayError;

  constructor(failure: GenerationFailure) {
    super(failure.error.message, { cause: failure.error });
    this.failure = failure;
    this.error = failure.error;
  }
}
