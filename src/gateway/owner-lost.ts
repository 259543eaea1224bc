// The last attempt of a lost owner, and whether another replica can continue its stream.
import { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import { cancelledBy } from "../streams/owned-stream.ts";
import type { StreamRecord } from "../streams/stream-record.ts";
import { MAX_HAND_OVERS } from "../streams/stream-settings.ts";
import type { StreamSummary } from "./stream-summary.ts";

/** A stored request, as the caller sent it. */
export interface StoredRequest {
  readonly spec: GenerationSpec;
  readonly options: StreamOptions;
}

export function ownerLost(message = "the replica that produced the stream was lost"): GatewayError {
  return new GatewayError("owner-lost", message);
}

/** The known facts of the attempt that ended with its owner. */
export function lostAttempt(record: StreamRecord, summary: StreamSummary, now: number): Attempt {
  return {
    provider: record.progress.provider,
    model: summary.model,
    index: summary.attempts.length + 1,
    trigger: summary.attempts.length === 0 ? "initial" : "retry",
    outcome: "failed",
    errorKind: "owner-lost",
    errorMessage: "the replica that made the attempt was lost",
    startTimeMs: summary.createTimeMs,
    durationMs: Math.max(0, now - summary.createTimeMs),
    delayMs: 0,
    delayFromProvider: false,
    outputDelivered: record.firstContent > 0,
  };
}

/**
 * Why the stream cannot continue; undefined: it can. `claimed` is the record after the claim, which counts this
 * change of owner.
 */
export function obstacle(
  claimed: StreamRecord,
  now: number,
  request: StoredRequest | undefined,
  maxTakeovers: number,
): GatewayError | undefined {
  if (claimed.cancel !== undefined) return cancelledBy(claimed.cancel);
  if (now >= claimed.deadlineAt) {
    return new GatewayError("total-timeout", "the generation's time was over");
  }
  if (request === undefined) return ownerLost();
  // A request that ends every replica it reaches must not reach another one.
  if (claimed.takeovers > maxTakeovers) {
    return ownerLost(
      `the replica that produced the stream was lost, after ${maxTakeovers} takeovers`,
    );
  }
  if (claimed.handOvers > MAX_HAND_OVERS) {
    return ownerLost(`the stream was handed over ${MAX_HAND_OVERS} times and still ran`);
  }
  const isVisible = claimed.firstContent > 0;
  return isVisible && request.spec.routing.midStreamRecovery !== "restart"
    ? ownerLost()
    : undefined;
}
