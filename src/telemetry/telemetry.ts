import type { Cost } from "../domain/cost.ts";
import type { Decided } from "../domain/decided.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";
import type { AttemptTrigger, TargetName } from "../domain/generation.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { FinishReason } from "../domain/provider-event.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { CallTelemetry } from "./call-telemetry.ts";
import { noStreamTelemetry, type StreamTelemetry } from "./stream-telemetry.ts";
import { traceIdOf } from "./trace-id.ts";

/** The rhythm of an attempt's content chunks. */
export interface Rhythm {
  /** Gaps between chunks; unset with fewer than two. */
  readonly chunkGapP50Ms?: number;
  readonly chunkGapP95Ms?: number;
  readonly chunkGapMaxMs?: number;
  readonly stallCount: number;
  readonly chunkCount: number;
  /** Code points of output text. */
  readonly characterCount: number;
  /** From the first chunk to the last. */
  readonly contentMs: number;
}

/** How an attempt ended, in milliseconds and tokens. */
export interface AttemptResult {
  readonly outcome: "succeeded" | "failed" | "cancelled" | "superseded";
  readonly errorKind?: ErrorKind;
  readonly providerModel?: string;
  readonly providerResponseId?: string;
  readonly finishReason?: FinishReason;
  readonly usage?: TokenUsage;
  readonly cost?: Cost;
  readonly durationMs: number;
  readonly timeToFirstTokenMs?: number;
  /** Mean time between content chunks. */
  readonly timePerChunkMs?: number;
  /** Of a stream, worked out only where somebody measures. */
  readonly rhythm?: () => Rhythm;
  /** What the JSON handler of a stream has found. */
  readonly json?: JsonStatistics;
}

/** One call to a provider while it runs. */
export interface AttemptTelemetry {
  /** W3C trace context for the provider's request. */
  readonly headers: Readonly<Record<string, string>>;
  end(result: AttemptResult): void;
}

export interface AttemptInfo {
  /** What the provider is asked for: a generation, or the number of tokens of a request. */
  readonly operation: "chat" | "count_tokens";
  /** Whose call it is for. */
  readonly caller: string;
  readonly provider: string;
  readonly providerType: string;
  readonly model: string;
  readonly providerModel: string;
  /** No list has the model: a request has named it. */
  readonly isUnlisted?: true;
  readonly stream: boolean;
  /** From 1. */
  readonly index: number;
  readonly trigger: AttemptTrigger;
  readonly maxOutputTokens: number | undefined;
}

/**
 * Spans and metrics of the gateway. Content never passes here: identifiers,
 * counts and durations only.
 */
export interface Telemetry {
  startCall(info: {
    readonly system: "grpc" | "connectrpc" | "http";
    /** Full name, e.g. `steer.v1.GenerationService/Generate`. */
    readonly method: string;
    header(name: string): string | undefined;
  }): CallTelemetry;
  startAttempt(call: CallTelemetry, info: AttemptInfo): AttemptTelemetry;
  /** A wait between attempts: the returned function ends it. */
  startBackoff(call: CallTelemetry, info: Decided & { readonly ms: number }): () => void;
  recordDecision(info: Decided): void;
  /** Tokens were counted that no provider reported. */
  recordEstimate(target: TargetName, estimator: string): void;
  /** How far the estimator that learns was off where a provider has reported: 0.1 is a tenth. */
  recordEstimateError(target: TargetName, error: number): void;
  /** A usage record was lost: its file took it too slowly, or not at all. */
  recordLostUsage(): void;
  /** Stored streams; `store` is the kind of the store, `held` the memory of this process that it takes, in bytes. */
  streams(store: string, held?: () => number): StreamTelemetry;
  /** A generation has ended. `overheadMs` is its time in the gateway itself, outside of providers and waits. */
  recordCall(info: {
    readonly stream: boolean;
    readonly attempts: number;
    readonly overheadMs: number;
  }): void;
}

const NO_ATTEMPT: AttemptTelemetry = { headers: {}, end: () => {} };

/** Telemetry that is switched off: no spans, no metrics, no cost. */
export const noTelemetry: Telemetry = {
  startCall: ({ header }) => ({ traceId: traceIdOf(header("traceparent")), end: () => {} }),
  startAttempt: () => NO_ATTEMPT,
  startBackoff: () => () => {},
  recordDecision: () => {},
  recordEstimate: () => {},
  recordEstimateError: () => {},
  recordLostUsage: () => {},
  streams: () => noStreamTelemetry,
  recordCall: () => {},
};
