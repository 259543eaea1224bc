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
  /** A name that a request made up: what is kept by it is bounded. */
  readonly isUnlisted?: true;
}

export type AttemptTrigger =
  | "initial"
  | "retry"
  | "failover"
  | "hedge"
  | "continuation"
  /** The output did not have the format that was asked for. */
  | "repair"
  /** Another replica goes on with a stream whose owner was lost. */
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
  /** Unset where the kind's own reason says it. */
  readonly errorReason?: ErrorReason;
  readonly providerFailure?: ProviderFailure;
  /** Milliseconds since the epoch. */
  readonly startTimeMs: number;
  readonly durationMs: number;
  readonly timeToFirstTokenMs?: number;
  /** Wait before it began. */
  readonly delayMs: number;
  /** The provider had asked for the wait. */
  readonly delayFromProvider: boolean;
  readonly usage?: TokenUsage;
  /** Unset where the price is unknown, or nothing is charged. */
  readonly cost?: Cost;
  /** Output of this attempt had reached the caller when it failed. */
  readonly outputDelivered: boolean;
}

/** Measurements of one generation, in milliseconds. */
export interface Timing {
  readonly totalMs: number;
  readonly timeToFirstTokenMs?: number;
  /** Waiting for a slot of the gateway. */
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
  /** Of all attempts; undefined where one of them has an unknown price. */
  readonly cost: Cost | undefined;
  readonly attempts: readonly Attempt[];
  readonly timing: Timing;
  readonly warnings: readonly Warning[];
  readonly providerMetadata: Readonly<Record<string, JsonObject>>;
  readonly createTimeMs: number;
}

/** A failed generation: the error, and what is known of the result. */
export interface GenerationFailure {
  readonly error: GatewayError;
  readonly partial: Generation;
}

/** What happens after a failed attempt. */
export type RecoveryAction = "retry" | "failover" | "continue" | "takeover" | "repair";

/** What a stream outlives: nothing, a lost connection, a restart of the process, the loss of a replica. */
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

/** A change of the JSON that the text of a part spells out. */
export interface JsonDelta {
  readonly type: "json-delta";
  readonly partIndex: number;
  /** Which document of the part, from 0. */
  readonly documentIndex: number;
  /** RFC 6901. */
  readonly pointer: string;
  /** More of the string there. */
  readonly append?: string;
  /** What is there now, as JSON text; of this and `append` one is set, or neither. */
  readonly valueJson?: string;
  /** What is there changes no more. */
  readonly final: boolean;
}

/** What a stream event says. Deltas pass from the provider unchanged. */
export type StreamEventBody =
  | {
      readonly type: "start";
      readonly streamId: string;
      readonly generationId: string;
      readonly requestedModel: string;
      readonly target: TargetName;
      readonly createTimeMs: number;
      readonly durability: StreamDurability;
      /** How long it can be replayed after its end; only where it is stored. */
      readonly retentionMs?: number;
    }
  | Extract<ProviderEvent, { readonly type: "text-delta" | "reasoning-delta" | "tool-call-delta" }>
  /** `isShort`: told without the text that the deltas of the part have. */
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
      /** `whole`: however long it is. */
      readonly message: "omitted" | "within-limit" | "whole";
      /** Sequence of the first event whose output stands; without output that of this event. */
      readonly firstOutputSequence: number;
    }
  | { readonly type: "error"; readonly failure: GenerationFailure }
  | { readonly type: "heartbeat"; readonly isUndurable: boolean };

/** One event of a stream: `docs/streams.md` has the rules of `sequence`. */
export interface StreamEvent {
  readonly sequence: number;
  /** 0 if no attempt produced the event. */
  readonly attemptIndex: number;
  /** Milliseconds since the epoch; only where the caller asked for it. */
  readonly eventTimeMs?: number;
  readonly body: StreamEventBody;
}

/** An event as the log keeps it. */
export interface StoredEvent extends StreamEvent {
  /** The life of the stream that has written the event; 0 where the stream is not stored. */
  readonly writer: number;
}

/** Thrown where a generation was admitted and did not succeed. */
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
