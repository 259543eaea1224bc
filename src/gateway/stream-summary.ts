// The facts of a generation that the store keeps beside the events of its stream.
import type { ErrorReason } from "../domain/error-reasons.ts";
import { CREDENTIALS_REVOKED, type GatewayError } from "../domain/gateway-error.ts";
import type { Attempt, TargetName } from "../domain/generation.ts";
import { isJsonObject } from "../domain/json.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { Outcome } from "../output/generation-result.ts";
import type { Ending, StreamProgress } from "../streams/stream-record.ts";
import type { GenerationRun } from "./generation-run.ts";

/** Facts of a generation in the store, without content: for operators, readers and a later owner. */
export interface StreamSummary {
  readonly kind: "stream" | "unary";
  readonly generationId: string;
  readonly requestedModel: string;
  readonly model: string;
  readonly createTimeMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly heartbeatMs: number;
  readonly attempts: readonly Attempt[];
  /**
   * Whether a reader that does not accept discards ends at one. Unset: the creator is older than `accepts_discard`
   * and has named RESTART, or the writing replica is older.
   */
  readonly endsAtDiscard?: boolean;
  readonly usage?: TokenUsage;
  readonly error?: {
    readonly kind: GatewayError["kind"];
    readonly message: string;
    readonly reason?: ErrorReason;
  };
}

/** Facts that do not change while a stream runs. */
export type StreamFacts = Pick<StreamSummary, "kind" | "labels" | "heartbeatMs" | "endsAtDiscard">;

export function factsOf({ kind, labels, heartbeatMs, endsAtDiscard }: StreamSummary): StreamFacts {
  return { kind, labels, heartbeatMs, ...(endsAtDiscard !== undefined && { endsAtDiscard }) };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Replaces a missing summary, or one of another version. */
const UNKNOWN: StreamSummary = {
  kind: "stream",
  generationId: "",
  requestedModel: "",
  model: "",
  createTimeMs: 0,
  labels: {},
  heartbeatMs: 0,
  attempts: [],
};

const UNKNOWN_FIELDS = Object.entries(UNKNOWN);

function parse(details: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decoder.decode(details));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Never throws: streams of another version must end and be listed like others. */
export function readSummary({ details }: StreamProgress): StreamSummary {
  const parsed = parse(details);
  const fits = UNKNOWN_FIELDS.every(([name, value]) => {
    const given = parsed[name];
    return typeof given === typeof value && Array.isArray(given) === Array.isArray(value);
  });
  // Without a summary, readers end at a discard, because that is safe.
  return fits ? (parsed as unknown as StreamSummary) : { ...UNKNOWN, endsAtDiscard: true };
}

/** The progress of a run so far; with `outcome` at its end. */
export function progressOf(
  run: GenerationRun,
  facts: StreamFacts,
  outcome: Outcome | undefined,
  /** Target of the next attempt; undefined: that of the last one. */
  next: TargetName | undefined,
): StreamProgress {
  const { result, target } = run;
  const attempts = result.attempts();
  const last = next ?? attempts.at(-1) ?? target;
  const failure = outcome?.state === "failed" ? outcome.failure : undefined;
  const generation = outcome?.state === "succeeded" ? outcome.generation : failure?.partial;
  const summary: StreamSummary = {
    ...facts,
    generationId: result.generationId,
    requestedModel: result.requestedModel,
    model: last.model,
    createTimeMs: result.createTimeMs,
    attempts,
    ...(generation?.totalUsage !== undefined && { usage: generation.totalUsage }),
    ...(failure !== undefined && {
      error: {
        kind: failure.error.kind,
        message: failure.error.message,
        ...(failure.error.reason !== undefined && { reason: failure.error.reason }),
      },
    }),
  };
  return { provider: last.provider, details: encoder.encode(JSON.stringify(summary)) };
}

/** The progress at the end of a run that a defect ended, with all facts that can be read. */
export function safeProgressOf(
  run: GenerationRun,
  facts: StreamFacts,
  outcome: Extract<Outcome, { state: "failed" }>,
): StreamProgress {
  try {
    return progressOf(run, facts, outcome, undefined);
  } catch {
    const { generationId, requestedModel, createTimeMs } = run.result;
    const { provider, model } = run.target;
    const { kind, message } = outcome.failure.error;
    const names = { generationId, requestedModel, createTimeMs, model };
    const summary: StreamSummary = { ...facts, ...names, attempts: [], error: { kind, message } };
    return { provider, details: encoder.encode(JSON.stringify(summary)) };
  }
}

/** The ending of a stream. A success keeps its idempotency key bound, as does a requested cancel. */
export function endingOf(outcome: Outcome): Ending {
  if (outcome.state === "succeeded") return { phase: "completed", freesKey: false };
  const { kind, reason } = outcome.failure.error;
  if (reason === CREDENTIALS_REVOKED) return { phase: "cancelled", freesKey: true };
  if (kind !== "cancelled") return { phase: "failed", freesKey: true };
  return { phase: "cancelled", freesKey: reason === "CANCELLED_BY_DISCONNECT" };
}
