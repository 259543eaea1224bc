// What a stored stream says of its generation beside its events.
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt, TargetName } from "../domain/generation.ts";
import { isJsonObject } from "../domain/json.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { Outcome } from "../output/generation-result.ts";
import type { Ending, StreamProgress } from "../streams/stream-record.ts";
import type { GenerationRun } from "./generation-run.ts";

/** What the store keeps of a generation, without content: for operators, readers and a next owner. */
export interface StreamSummary {
  readonly kind: "stream" | "unary";
  readonly generationId: string;
  readonly requestedModel: string;
  readonly model: string;
  readonly createTimeMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly heartbeatMs: number;
  readonly attempts: readonly Attempt[];
  readonly usage?: TokenUsage;
  readonly error?: {
    readonly kind: GatewayError["kind"];
    readonly message: string;
    readonly reason?: string;
  };
}

/** What does not change while a stream runs. */
export type StreamFacts = Pick<StreamSummary, "kind" | "labels" | "heartbeatMs">;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What stands for what is not there, or not as this version writes it. */
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

function parse(details: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decoder.decode(details));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Never throws: a stream of another version must end and be listed like others. */
export function readSummary({ details }: StreamProgress): StreamSummary {
  const parsed = parse(details);
  const fits = Object.entries(UNKNOWN).every(([name, value]) => {
    const given = parsed[name];
    return typeof given === typeof value && Array.isArray(given) === Array.isArray(value);
  });
  return fits ? (parsed as unknown as StreamSummary) : UNKNOWN;
}

/** The progress of a run so far; with `outcome` at its end. */
export function progressOf(
  run: GenerationRun,
  facts: StreamFacts,
  outcome: Outcome | undefined,
  /** Where the next attempt goes; undefined: where the last one went. */
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

/** How a stream ends: a success is kept for its key, and so is a cancel that was asked for. */
export function endingOf(outcome: Outcome): Ending {
  if (outcome.state === "succeeded") return { phase: "completed", freesKey: false };
  const { kind, reason } = outcome.failure.error;
  if (kind !== "cancelled") return { phase: "failed", freesKey: true };
  return { phase: "cancelled", freesKey: reason === "CANCELLED_BY_DISCONNECT" };
}
