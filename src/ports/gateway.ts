// The gateway as its doors know it: what they hand over, and what they get back.
import type { Cursor } from "../domain/cursor.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Generation } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";

/** Whose call it is, and what makes it the same call when it comes again. */
export interface CallIdentity {
  readonly caller: string;
  /** Idempotency key; "" without one. */
  readonly requestId: string;
  /** What the call asks for, as a hash; "" without a key. */
  readonly fingerprint: string;
  /** The request as another replica could run it. */
  readonly request: () => Uint8Array;
}

/** A generation that has ended, well or with an error. */
export interface EndedGeneration {
  readonly generation: Generation;
  /** Undefined: it has succeeded. */
  readonly error: GatewayError | undefined;
}

export interface GenerationCall {
  readonly spec: GenerationSpec;
  /** Aborted when the caller is gone or has cancelled. */
  readonly signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds; undefined without one. */
  readonly timeoutMs: number | undefined;
  readonly telemetry: CallTelemetry;
  readonly identity: CallIdentity;
  /** The caller drops output that a notice voids. */
  readonly acceptsDiscard: boolean;
  /** The call reads this stream. Nobody else is told of that of a unary call. */
  readonly onOpen?: (streamId: string, generationId: string) => void;
  /** The generation has ended at this replica; not called unless the call has begun it. */
  readonly onEnd?: ((ended: EndedGeneration) => void) | undefined;
}

/** What a stream hands on: encoded events as they are sent, or a sign of life. */
export type StreamDelivery =
  | { readonly type: "events"; readonly events: readonly Uint8Array[] }
  | { readonly type: "heartbeat"; readonly sequence: number; readonly isUndurable: boolean };

/** A stream as one call reads it. */
export interface OpenStream {
  readonly streamId: string;
  readonly generationId: string;
  /** An earlier call with the same idempotency key has begun it. */
  readonly isReplayed: boolean;
  /** A reader that does not accept discards ends at one. */
  readonly endsAtDiscard: boolean;
  /** The reader has been given output before this call, or nobody can say. */
  readonly holdsOutput: boolean;
  /** Throws `GatewayError` where it breaks off. */
  readonly deliveries: AsyncIterable<StreamDelivery>;
  /** The last event, once `deliveries` has ended by itself. */
  terminal(): Uint8Array | undefined;
  /** Sequence of the last event that is stored, of a stream that was there before; unset: the call has begun it. */
  readonly tail?: number;
  /** What is known of a generation that this call has begun. */
  readonly soFar?: () => Generation;
}

/** The answer of a unary call: as it is, or as the log keeps it. */
export type WholeAnswer =
  | { readonly state: "generated"; readonly generation: Generation }
  | {
      readonly state: "stored";
      /** The last event: it holds the result, unless that was too long to be kept. */
      readonly terminal: Uint8Array;
      readonly isReplayed: boolean;
      /** The result of a call that has made it itself. */
      readonly generation: Generation | undefined;
    };

export interface ResumeCall {
  readonly caller: string;
  readonly streamId: string;
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds; undefined without one. */
  readonly timeoutMs: number | undefined;
}

/** A stream by its identifier, or by the idempotency key of the call that began it. */
export type StreamName = { readonly streamId: string } | { readonly requestId: string };

export interface Gateway {
  /** Throws `GatewayError` before admission, `GenerationFailed` after it. */
  generate(call: GenerationCall): Promise<WholeAnswer>;
  /**
   * Rejects before anything is sent: `GatewayError`, or `GenerationFailed` where
   * no target took the call. Afterwards everything is an event: `start` first,
   * `complete` or `error` last.
   */
  streamGenerate(call: GenerationCall, options: StreamOptions): Promise<OpenStream>;
  resumeStream(call: ResumeCall): Promise<OpenStream>;
  /** Whether the call has changed anything. */
  cancelGeneration(caller: string, target: StreamName): Promise<boolean>;
}

/** `any`: the provider's counter where it has one, else an estimate. */
export type CountMethod = "any" | "estimate" | "provider";

export interface InputCountCall {
  readonly spec: GenerationSpec;
  readonly method: CountMethod;
  /** Shares the places of the target with other callers. */
  readonly caller: string;
  readonly telemetry: CallTelemetry;
  readonly signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds; undefined without one. */
  readonly timeoutMs: number | undefined;
}

/** Input tokens of a request at the target to which it would go. */
export interface InputCount {
  readonly model: Model;
  readonly tokens: number;
  /** Undefined: the provider has counted. `confidence` is from 0 to 1. */
  readonly estimate: { readonly estimator: string; readonly confidence: number } | undefined;
}
