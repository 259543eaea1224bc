// A stream whose owner is lost: this replica goes on with it, or ends it.
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { type Attempt, GenerationFailed, type StreamEvent } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import {
  type DisconnectPolicy,
  type StreamOptions,
  WHOLE_ANSWER,
} from "../domain/stream-options.ts";
import { GenerationResult } from "../output/generation-result.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import { createStreamEvents } from "../output/stream-events.ts";
import { cancelledBy } from "../streams/owned-stream.ts";
import type { StreamHooks, StreamLog } from "../streams/stream-log.ts";
import type { StreamRecord } from "../streams/stream-record.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import type { StreamTelemetry } from "../telemetry/stream-telemetry.ts";
import type { CallFacts } from "../usage/usage-sink.ts";
import type { Before, GenerationRun, GenerationRuns } from "./generation-run.ts";
import type { LostUsage } from "./lost-usage.ts";
import { type AddEvent, ownerLost, produceStored } from "./produce-stream.ts";
import { recordCall } from "./record-call.ts";
import { progressOf, readSummary, type StreamSummary } from "./stream-summary.ts";

/** A stored request, as it was first called. */
export interface StoredRequest {
  readonly spec: GenerationSpec;
  readonly options: StreamOptions;
}

export interface TakeoverDependencies {
  readonly clock: Clock;
  readonly runs: GenerationRuns;
  readonly log: StreamLog;
  readonly telemetry: StreamTelemetry;
  readonly lostUsage: LostUsage;
  readonly disconnectPolicy: (options: StreamOptions) => DisconnectPolicy;
  readonly encodeEvent: (event: StreamEvent, writer: number) => Uint8Array;
  /** Undefined where this version cannot read it. */
  readonly decodeRequest: (
    request: Uint8Array,
    kind: StreamSummary["kind"],
  ) => StoredRequest | undefined;
}

/** A whole answer that nobody here waits for is left to a replica where somebody does, for so long. */
const UNREAD_MS = 5_000;

/** A look a second: what was not seen for so long is no orphan any more. */
const FORGET_MS = 12 * UNREAD_MS;

/** The attempt that ended with its owner, as far as it is known. */
function lostAttempt(record: StreamRecord, summary: StreamSummary, now: number): Attempt {
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

/** Why the stream cannot go on; undefined: it can. */
function obstacle(
  stream: StoredStream,
  request: StoredRequest | undefined,
  maxTakeovers: number,
): GatewayError | undefined {
  if (stream.cancel !== undefined) return cancelledBy(stream.cancel);
  if (stream.now >= stream.deadlineAt) {
    return new GatewayError("total-timeout", "the generation's time was over");
  }
  // A request that ends every replica it reaches must not go on to the next one.
  if (request === undefined || stream.takeovers >= maxTakeovers) return ownerLost();
  const isVisible = stream.firstContent > 0;
  return isVisible && request.spec.routing.midStreamRecovery !== "restart"
    ? ownerLost()
    : undefined;
}

export function createTakeover(dependencies: TakeoverDependencies) {
  const { clock, runs, log, telemetry, encodeEvent, decodeRequest, disconnectPolicy, lostUsage } =
    dependencies;
  /** Since when a whole answer was seen without an owner. */
  const unread = new Map<string, number>();

  function isLeftToOthers(stream: StoredStream, summary: StreamSummary): boolean {
    if (summary.kind === "stream" || log.readerCount(stream.streamId) > 0) {
      unread.delete(stream.streamId);
      return false;
    }
    const now = clock.now();
    // The oldest come first; another replica has taken those that are not seen any more.
    for (const [streamId, since] of unread) {
      if (now - since < FORGET_MS) break;
      unread.delete(streamId);
    }
    const since = unread.get(stream.streamId) ?? now;
    if (now - since >= UNREAD_MS) unread.delete(stream.streamId);
    else unread.set(stream.streamId, since);
    return now - since < UNREAD_MS;
  }

  /** A generation that ends before it has begun. */
  function failedRun(record: StreamRecord, before: Before, summary: StreamSummary, error: unknown) {
    const target = { provider: record.progress.provider, model: summary.model };
    const result = new GenerationResult({
      generationId: before.generationId,
      requestedModel: summary.requestedModel,
      target: { ...target, providerModel: "" },
      clock,
      before,
    });
    const run: GenerationRun = {
      result,
      target,
      limitMs: 0,
      async run() {
        const known = error instanceof GenerationFailed ? error.failure.error : error;
        const cause = known instanceof GatewayError ? known : ownerLost();
        result.fail(cause);
        return result.outcome();
      },
      abort: () => {},
      release: () => {},
    };
    return run;
  }

  /** Takes an orphan over, if nobody else does; with `ending` it does not go on. */
  async function take(
    stream: StoredStream,
    summary: StreamSummary,
    ending: GatewayError | undefined,
  ): Promise<"left" | { readonly goesOn: boolean; readonly ended: Promise<unknown> }> {
    const stored = stream.canMove ? await log.store.loadRequest(stream.streamId) : undefined;
    // Without its summary nobody knows how the request is to be read.
    const isKnown = stored !== undefined && summary.generationId !== "";
    const request = isKnown ? decodeRequest(stored, summary.kind) : undefined;
    const isStream = summary.kind === "stream";
    let run: GenerationRun | undefined;
    const span = telemetry.startTakeover({ epoch: stream.token.epoch + 1 });
    let stopped: GatewayError | undefined;
    const hooks: StreamHooks = {
      // A whole answer stops with its last waiter, at every replica.
      disconnect:
        request !== undefined && isStream
          ? disconnectPolicy(request.options)
          : { policy: "cancel" },
      stop(error) {
        stopped = error;
        run?.abort(error);
      },
    };
    const claimed = await log.claim(stream, hooks).catch((error: unknown) => {
      span.end({ code: "UNAVAILABLE", reason: undefined });
      throw error;
    });
    if (claimed === undefined) {
      span.end({ code: "OK", reason: undefined });
      return "left";
    }
    const { owned, record } = claimed;
    const ended = lostAttempt(record, summary, clock.wallTime());
    // The output of a whole answer was with its owner alone.
    const used =
      request !== undefined && isStream
        ? await lostUsage(
            { store: log.store, streamId: record.streamId, spec: request.spec },
            ended,
          )
        : {};
    const lost: Attempt = { ...ended, ...used };
    const callFacts: CallFacts = {
      generationId: summary.generationId,
      caller: stream.caller,
      labels: summary.labels,
      stream: isStream,
    };
    // An owner that has handed it over has written the record itself.
    if (!stream.handedOff) runs.usage.record({ ...callFacts, type: "attempt", attempt: lost });
    const before: Before = {
      generationId: summary.generationId,
      createTimeMs: summary.createTimeMs,
      attempts: [...summary.attempts, lost],
    };
    const why = ending ?? obstacle(stream, request, log.settings.maxTakeovers);
    const goesOn = why === undefined && request !== undefined;
    /** A run that was admitted, or that no target took, writes its own record. */
    let isRecorded = goesOn;
    if (goesOn) {
      run = await runs
        .admit(
          {
            spec: request.spec,
            caller: stream.caller,
            stream: isStream,
            timeoutMs: stream.deadlineAt - stream.now,
            telemetry: span,
            before,
          },
          new AbortController().signal,
        )
        .catch((error: unknown) => {
          isRecorded = error instanceof GenerationFailed;
          return failedRun(record, before, summary, error);
        });
    } else run = failedRun(record, before, summary, why);
    if (stopped !== undefined) run.abort(stopped);
    const events = createStreamEvents({
      options: request?.options ?? WHOLE_ANSWER,
      clock,
      streamId: record.streamId,
      result: run.result,
      target: run.target,
      durability: log.store.capabilities.durability,
      retentionMs: record.retentionMs,
      json: await openJsonStream(request?.options ?? WHOLE_ANSWER),
      tail: record.tail,
    });
    const { kind, labels, heartbeatMs } = summary;
    const streamFacts = { kind, labels, heartbeatMs };
    const add: AddEvent = (event, more) => owned.add(encodeEvent(event, owned.writerId), more);
    if (goesOn && kind === "stream") {
      const notice = events.notice({
        failed: lost,
        action: "takeover",
        next: run.target,
        delayMs: 0,
        discardOutput: record.firstContent > 0,
      });
      void add(notice, {
        isContent: false,
        progress: progressOf(run, streamFacts, undefined, run.target),
      });
    }
    void produceStored(owned, run, events, streamFacts, add).then((outcome) => {
      if (!isRecorded) recordCall(runs.usage, callFacts, outcome);
      const failed = outcome.state === "failed" ? outcome.failure.error.kind : undefined;
      span.end({ code: failed === undefined ? "OK" : "UNKNOWN", reason: failed });
    });
    // Nobody may be left to read it.
    owned.watchReaders();
    return { goesOn, ended: owned.ended };
  }

  return {
    /** Goes on with an orphan where that can be, and ends it where it cannot. */
    async adopt(stream: StoredStream): Promise<"taken" | "ended" | "left"> {
      const summary = readSummary(stream.progress);
      if (isLeftToOthers(stream, summary)) return "left";
      const isUnread = summary.kind === "unary" && log.readerCount(stream.streamId) === 0;
      const taken = await take(stream, summary, isUnread ? ownerLost() : undefined);
      if (taken === "left") return taken;
      return taken.goesOn ? "taken" : "ended";
    },

    /** Ends an orphan although it could go on; false: another replica has it now. */
    async end(stream: StoredStream): Promise<boolean> {
      const taken = await take(stream, readSummary(stream.progress), ownerLost());
      if (taken === "left") return false;
      await taken.ended;
      return true;
    },
  };
}
