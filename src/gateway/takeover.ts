// A stream whose owner is lost: this replica goes on with it, or ends it.
import type { Clock } from "../clock.ts";
import { internalError, type OnDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { type Attempt, type AttemptNotice, GenerationFailed } from "../domain/generation.ts";
import {
  type DisconnectPolicy,
  type StreamOptions,
  WHOLE_ANSWER,
} from "../domain/stream-options.ts";
import { GenerationResult } from "../output/generation-result.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import { createStreamEvents } from "../output/stream-events.ts";
import type { OwnedStream } from "../streams/owned-stream.ts";
import type { StreamHooks, StreamLog } from "../streams/stream-log.ts";
import type { StreamRecord } from "../streams/stream-record.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { StreamTelemetry } from "../telemetry/stream-telemetry.ts";
import type { CallFacts } from "../usage/usage-sink.ts";
import { type EventEncoder, storedSink } from "./event-sink.ts";
import type { Before, GenerationRun, GenerationRuns } from "./generation-run.ts";
import { lostAttempt, obstacle, ownerLost, type StoredRequest } from "./lost-owner.ts";
import type { LostUsage } from "./lost-usage.ts";
import { type OnEnd, produce } from "./produce-stream.ts";
import { recordCall } from "./record-call.ts";
import { createStoredEncoder } from "./stored-encoder.ts";
import { factsOf, progressOf, readSummary, type StreamSummary } from "./stream-summary.ts";

export interface TakeoverDependencies extends EventEncoder {
  readonly clock: Clock;
  readonly runs: GenerationRuns;
  readonly log: StreamLog;
  readonly telemetry: StreamTelemetry;
  readonly lostUsage: LostUsage;
  readonly disconnectPolicy: (options: StreamOptions) => DisconnectPolicy;
  readonly onDefect: OnDefect;
  /** Is told of the end of a generation, which no call of this replica has begun. */
  readonly onEnd: (stream: EndedTakeover, ended: Parameters<OnEnd>[0]) => void;
  /** Undefined where this version cannot read it. */
  readonly decodeRequest: (
    request: Uint8Array,
    kind: StreamSummary["kind"],
  ) => StoredRequest | undefined;
}

/** A stream that was taken over and has ended. */
export interface EndedTakeover {
  readonly streamId: string;
  readonly caller: string;
  /** "" without one. */
  readonly requestId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly traceId: string | undefined;
}

/** A whole answer that nobody here waits for is left to a replica where somebody does, for so long. */
const UNREAD_MS = 5_000;

/** A look a second: what was not seen for so long is no orphan any more. */
const FORGET_MS = 12 * UNREAD_MS;

/** What becomes of a stream that was taken. */
interface Taken {
  readonly goesOn: boolean;
  readonly ended: Promise<unknown>;
}

/** The run of a stream that was taken, as far as it has come. */
interface Work {
  run: GenerationRun | undefined;
  /** It was told to stop. */
  stopped: GatewayError | undefined;
  /** The stream gets its events, and its end, from the run. */
  isFed: boolean;
}

interface Claimed {
  readonly owned: OwnedStream;
  readonly record: StreamRecord;
  /** As it was before the claim. */
  readonly stream: StoredStream;
  readonly summary: StreamSummary;
  readonly request: StoredRequest | undefined;
  /** Ends it in any case. */
  readonly ending: GatewayError | undefined;
  readonly span: CallTelemetry;
  readonly work: Work;
}

export function createTakeover(dependencies: TakeoverDependencies) {
  const { clock, runs, log, telemetry, encodeEvent, decodeRequest, disconnectPolicy } =
    dependencies;
  const { lostUsage, onDefect } = dependencies;
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
        if (known instanceof GatewayError) result.fail(known);
        else {
          onDefect(known, { generation_id: before.generationId, stream_id: record.streamId });
          result.failByDefect(internalError(known));
        }
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
  ): Promise<"left" | Taken> {
    const stored = stream.canMove ? await log.store.loadRequest(stream.streamId) : undefined;
    // Without its summary nobody knows how the request is to be read.
    const isKnown = stored !== undefined && summary.generationId !== "";
    const request = isKnown ? decodeRequest(stored, summary.kind) : undefined;
    const span = telemetry.startTakeover({ epoch: stream.token.epoch + 1 });
    const work: Work = { run: undefined, stopped: undefined, isFed: false };
    const hooks: StreamHooks = {
      // A whole answer stops with its last waiter, at every replica.
      disconnect:
        request !== undefined && summary.kind === "stream"
          ? disconnectPolicy(request.options)
          : { policy: "cancel" },
      stop(error) {
        work.stopped = error;
        work.run?.abort(error);
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
    const { owned } = claimed;
    try {
      return await goOn({ ...claimed, stream, summary, request, ending, span, work });
    } catch (defect) {
      // The stream is this process's now: nobody else would end it.
      onDefect(defect, { generation_id: summary.generationId, stream_id: stream.streamId });
      span.end({ code: "INTERNAL", reason: "internal" });
      if (work.isFed) work.run?.abort(internalError(defect));
      else {
        work.run?.release();
        storedSink(owned, owned.writerId, encodeEvent, dependencies).addInternal({
          isContent: false,
          ending: { phase: "failed", freesKey: true },
          progress: claimed.record.progress,
        });
      }
      return { goesOn: false, ended: owned.ended };
    }
  }

  /** Runs the request of a stream that was claimed, or ends the stream. */
  async function goOn(taken: Claimed): Promise<Taken> {
    const { owned, record, stream, summary, request, ending, span, work } = taken;
    const isStream = summary.kind === "stream";
    const ended = lostAttempt(record, summary, clock.wallTime());
    const used =
      request === undefined
        ? {}
        : await lostUsage(
            { store: log.store, streamId: record.streamId, spec: request.spec, isStream },
            ended,
          );
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
    const why = ending ?? obstacle(record, stream.now, request, log.settings.maxTakeovers);
    const goesOn = why === undefined && request !== undefined;
    /** A run that was admitted, or that no target took, writes its own record. */
    let isRecorded = goesOn;
    let run = failedRun(record, before, summary, why);
    if (goesOn) {
      run = await runs
        .admit(
          {
            spec: request.spec,
            caller: stream.caller,
            stream: isStream,
            timeoutMs: stream.deadlineAt - stream.now,
            telemetry: span,
            // Of a creator that does not restart the log does not say it.
            acceptsDiscard: !isStream || summary.endsAtDiscard !== true,
            before,
          },
          new AbortController().signal,
        )
        .catch((error: unknown) => {
          isRecorded = error instanceof GenerationFailed;
          return failedRun(record, before, summary, error);
        });
    }
    work.run = run;
    if (work.stopped !== undefined) run.abort(work.stopped);
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
    const facts = factsOf(summary);
    const encode = createStoredEncoder(encodeEvent, log.settings.maxBytes);
    const sink = storedSink(owned, owned.writerId, encode, dependencies);
    const notice: AttemptNotice = {
      failed: lost,
      action: "takeover",
      next: run.target,
      delayMs: 0,
      discardOutput: record.firstContent > 0,
    };
    const tellTakeover = (): void => {
      const progress = progressOf(run, facts, undefined, run.target);
      void sink.add(events.notice(notice), { isContent: false, progress });
    };
    work.isFed = true;
    produce({
      run,
      events,
      sink,
      facts,
      onDefect,
      streamId: record.streamId,
      onEnd(told) {
        const { streamId, caller, requestId } = stream;
        const { labels } = summary;
        dependencies.onEnd({ streamId, caller, requestId, labels, traceId: span.traceId }, told);
      },
      ...(goesOn && isStream && { open: tellTakeover }),
    })
      .then((outcome) => {
        if (!isRecorded) recordCall(runs.usage, callFacts, outcome);
        const failed = outcome.state === "failed" ? outcome.failure.error.kind : undefined;
        span.end({ code: failed === undefined ? "OK" : "UNKNOWN", reason: failed });
      })
      .catch((defect: unknown) => onDefect(defect, { stream_id: record.streamId }));
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
