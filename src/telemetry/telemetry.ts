import type { Cost } from "../domain/cost.ts";
import type { Decided } from "../domain/decided.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";
import type { AttemptTrigger, TargetName } from "../domain/generation.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { FinishReason } from "../domain/provider-event.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { CallTelemetry } from "./call-telemetry.ts";
import { type LimitsTelemetry, noLimitsTelemetry } from "./limits-telemetry.ts";
import { noStreamTelemetry, type StreamTelemetry } from "./stream-telemetry.ts";
import { traceIdOf } from "./trace-id.ts";

/** The rhythm of an attempt's content chunks. */
export interface Rhythm {
  /** Gaps between chunks, in milliseconds; unset with fewer than two chunks. */
  readonly chunkGapP50Ms?: number;
  readonly chunkGapP95Ms?: number;
  readonly chunkGapMaxMs?: number;
  readonly stallCount: number;
  readonly chunkCount: number;
  /** Unicode code points of output text. */
  readonly characterCount: number;
  /** Milliseconds from the first chunk to the last. */
  readonly contentMs: number;
}

/** The result of an attempt, in milliseconds and tokens. */
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
  /** Mean milliseconds between content chunks. */
  readonly timePerChunkMs?: number;
  /** Rhythm of a stream, computed only if telemetry uses it. */
  readonly rhythm?: () => Rhythm;
  /** Statistics of the JSON handler of a stream. */
  readonly json?: JsonStatistics;
}

/** One running call to a provider. */
export interface AttemptTelemetry {
  /** W3C trace context for the provider's request. */
  readonly headers: Readonly<Record<string, string>>;
  end(result: AttemptResult): void;
}

export interface AttemptInfo {
  /** Kind of request: a generation, or a count of tokens. */
  readonly operation: "chat" | "count_tokens";
  /** Whose call it is for. */
  readonly caller: string;
  readonly provider: string;
  readonly providerType: string;
  readonly model: string;
  readonly providerModel: string;
  /** Set if a request named the model and no list has it. */
  readonly isUnlisted?: true;
  readonly stream: boolean;
  /** Number of the attempt, from 1. */
  readonly index: number;
  readonly trigger: AttemptTrigger;
  readonly maxOutputTokens: number | undefined;
}

/** Spans and metrics of the gateway. They never contain content, only identifiers, counts and durations. */
export interface Telemetry {
  startCall(info: {
    readonly system: "grpc" | "connectrpc" | "http";
    /** Full name, for example `steer.v1.GenerationService/Generate`. */
    readonly method: string;
    header(name: string): string | undefined;
  }): CallTelemetry;
  startAttempt(call: CallTelemetry, info: AttemptInfo): AttemptTelemetry;
  /** Starts a wait between attempts. The returned function ends it. */
  startBackoff(call: CallTelemetry, info: Decided & { readonly ms: number }): () => void;
  recordDecision(info: Decided): void;
  /** Counts an estimate of tokens that no provider reported. */
  recordEstimate(target: TargetName, estimator: string): void;
  /** Relative error of the learning estimator, measured when a provider has reported; 0.1 is 10%. */
  recordEstimateError(target: TargetName, error: number): void;
  /** Counts a lost usage record: the file accepted it too slowly, or not at all. */
  recordLostUsage(): void;
  /** Shows how far the ledger is behind: `lagMs` is read when metrics are exported. */
  observeLedger(lagMs: () => number): void;
  /** Telemetry of the limits of callers. */
  limits(): LimitsTelemetry;
  /**
   * Telemetry of stored streams. `store`: kind of the store. `held`: bytes of this process's memory that the store
   * takes.
   */
  streams(store: string, held?: () => number): StreamTelemetry;
  /** Records the end of a generation. `overheadMs`: its time in the gateway itself, without providers and waits. */
  recordCall(info: {
    readonly stream: boolean;
    readonly attempts: number;
    readonly overheadMs: number;
  }): void;
}

const NO_ATTEMPT: AttemptTelemetry = { headers: {}, end: () => {} };

/** Telemetry that is off: no spans, no metrics, no cost. */
export const noTelemetry: Telemetry = {
  startCall: ({ header }) => ({ traceId: traceIdOf(header("traceparent")), end: () => {} }),
  startAttempt: () => NO_ATTEMPT,
  startBackoff: () => () => {},
  recordDecision: () => {},
  recordEstimate: () => {},
  recordEstimateError: () => {},
  recordLostUsage: () => {},
  observeLedger: () => {},
  limits: () => noLimitsTelemetry,
  streams: () => noStreamTelemetry,
  recordCall: () => {},
};
