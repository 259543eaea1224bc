import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ActivitySample,
  ActivitySampleSchema,
  type RecentCall,
  RecentCallSchema,
  WatchActivityResponseSchema,
} from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import { FinishReason } from "../../gen/service/steer/v1/generation_pb.ts";
import type * as domain from "../domain/activity.ts";
import { FIRST_TOKEN_BOUNDS_MS } from "../domain/activity.ts";
import { ERROR_KINDS } from "../domain/error-table.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";
import type { StoreStatus } from "../domain/operations.ts";
import { encodeStore } from "./encode-admin.ts";
import { encodeDuration, encodeTime, FINISH_REASONS } from "./encode-generation.ts";
import { categoryOf } from "./error-category.ts";

const SECOND_MS = 1_000;
const UNIT_PICOS = 1e12;

function encodeMoney(currency: string, picos: number) {
  const units = Math.floor(picos / UNIT_PICOS);
  return {
    currencyCode: currency,
    units: BigInt(units),
    picos: BigInt(Math.round(picos - units * UNIT_PICOS)),
  };
}

function encodeErrors(errors: ReadonlyMap<ErrorKind, number>) {
  return Array.from(errors)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => ({ category: categoryOf(kind), count: BigInt(count) }));
}

function encodeSample(sample: domain.ActivitySample): ActivitySample {
  return create(ActivitySampleSchema, {
    endTime: encodeTime(sample.second * SECOND_MS),
    replicaCount: sample.replicaCount,
    calls: BigInt(sample.calls),
    errors: encodeErrors(sample.errors),
    runningCalls: BigInt(sample.runningCalls),
    runningGenerations: BigInt(sample.runningGenerations),
    generations: BigInt(sample.generations),
    attempts: BigInt(sample.attempts),
    inputTokens: BigInt(sample.inputTokens),
    outputTokens: BigInt(sample.outputTokens),
    costs: Array.from(sample.costs, ([currency, picos]) => encodeMoney(currency, picos)),
    firstTokenCounts: sample.firstTokens.map(BigInt),
    eventLoopDelay: encodeDuration(sample.delayMs),
  });
}

/** What is in an answer beside its samples. */
export interface ActivityHead {
  readonly replica: string;
  readonly version: string;
  readonly replicas: readonly string[];
  readonly store: StoreStatus;
  readonly isDraining: boolean;
}

function encodeHead({ replica, version, replicas, store, isDraining }: ActivityHead): Uint8Array {
  return toBinary(
    WatchActivityResponseSchema,
    create(WatchActivityResponseSchema, {
      replica,
      version,
      replicas: [...replicas],
      store: encodeStore(store),
      draining: isDraining,
    }),
  );
}

/** The field of an answer with the bounds of times to first token. */
export const FIRST_TOKEN_BOUNDS: Uint8Array = toBinary(
  WatchActivityResponseSchema,
  create(WatchActivityResponseSchema, {
    firstTokenBounds: FIRST_TOKEN_BOUNDS_MS.map(encodeDuration),
  }),
);

/** Encodes each sample once, for all answers that have it: fields of one message can be joined. */
export class ActivityEncoder {
  readonly #samples = new WeakMap<domain.ActivitySample, Uint8Array>();

  encode(samples: readonly domain.ActivitySample[], head: ActivityHead): Uint8Array {
    return Buffer.concat([...samples.map((sample) => this.#sample(sample)), encodeHead(head)]);
  }

  #sample(sample: domain.ActivitySample): Uint8Array {
    let encoded = this.#samples.get(sample);
    if (encoded === undefined) {
      const samples = [encodeSample(sample)];
      const message = create(WatchActivityResponseSchema, { samples });
      encoded = toBinary(WatchActivityResponseSchema, message);
      this.#samples.set(sample, encoded);
    }
    return encoded;
  }
}

const KINDS: ReadonlySet<string> = new Set(ERROR_KINDS);

/** The category of the error on a log line. */
function categoryOfLine(error: string | undefined) {
  if (error === undefined) return {};
  // A draining replica has its own word in the log.
  const kind = error === "draining" ? "gateway-overloaded" : error;
  return { errorCategory: categoryOf(KINDS.has(kind) ? (kind as ErrorKind) : "unknown") };
}

const finishReasons: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries(FINISH_REASONS.values),
);

export function encodeRecentCall({ endMs, replica, fields }: domain.RecentCall): RecentCall {
  const { cost_picos, currency, duration_ms, ttft_ms } = fields;
  return create(RecentCallSchema, {
    endTime: encodeTime(endMs),
    replica,
    method: fields.method ?? "",
    system: fields.system ?? "",
    caller: fields.caller ?? "",
    ...(duration_ms !== undefined && { duration: encodeDuration(duration_ms) }),
    ...categoryOfLine(fields.error),
    errorReason: fields.reason ?? "",
    cancelled: fields.error === "cancelled",
    xRequestId: fields.x_request_id ?? "",
    traceId: fields.trace_id ?? "",
    requestedModel: fields.requested_model ?? "",
    provider: fields.provider ?? "",
    model: fields.model ?? "",
    attempts: fields.attempts ?? 0,
    ...(ttft_ms !== undefined && { timeToFirstToken: encodeDuration(ttft_ms) }),
    inputTokens: BigInt(fields.input_tokens ?? 0),
    outputTokens: BigInt(fields.output_tokens ?? 0),
    ...(cost_picos !== undefined &&
      currency !== undefined && { cost: encodeMoney(currency, cost_picos) }),
    finishReason: finishReasons.get(fields.finish_reason ?? "") ?? FinishReason.UNSPECIFIED,
    generationId: fields.generation_id ?? "",
    streamId: fields.stream_id ?? "",
    requestId: fields.request_id ?? "",
  });
}
