// The takeover of a stream whose owner is lost: this replica continues the stream or ends it.

import type { Clock } from "../clock.ts";
import { internalError, type OnDefect } from "../domain/defect.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { type Attempt, type AttemptNotice, GenerationFailed } from "../domain/generation.ts";
import {
  type DisconnectPolicy,
  type StreamOptions,
  WHOLE_ANSWER,
} from "../domain/stream-options.ts";
import type { DeliveredOutput } from "../output/delivered-output.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import { StreamEvents } from "../output/stream-events.ts";
import type { EndedGeneration } from "../ports/gateway.ts";
import type { StreamHooks, StreamLog } from "../streams/stream-log.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import type { StreamTelemetry } from "../telemetry/stream-telemetry.ts";
import type { CallFacts } from "../usage/usage-sink.ts";
import type { ClaimedStream, TakeoverWork } from "./claimed-stream.ts";
import { type EventEncoder, storedSink } from "./event-sink.ts";
import { failedRun } from "./failed-run.ts";
import type { Before, GenerationRun } from "./generation-run.ts";
import type { GenerationRuns } from "./generation-runs.ts";
import type { LostOutput } from "./lost-output.ts";
import type { LostUsage } from "./lost-usage.ts";
import { keepsOutput, lostAttempt, obstacle, ownerLost, type StoredRequest } from "./owner-lost.ts";
import { produceStream } from "./produce-stream.ts";
import { recordGeneration } from "./record-generation.ts";
import { createStoredEncoder } from "./stored-encoder.ts";
import { factsOf, progressOf, readSummary, type StreamSummary } from "./stream-summary.ts";
import { UnreadAnswers } from "./unread-answers.ts";
import { generationOf, usedAmounts } from "./used-amounts.ts";

export interface TakeoverDependencies extends EventEncoder {
  readonly clock: Clock;
  readonly runs: GenerationRuns;
  readonly log: StreamLog;
  readonly telemetry: StreamTelemetry;
  readonly lostUsage: LostUsage;
  readonly lostOutput: LostOutput;
  readonly disconnectPolicy: (options: StreamOptions) => DisconnectPolicy;
  readonly onDefect: OnDefect;
  /** Called at the end of a generation that no call of this replica has begun. */
  readonly onEnd: (stream: EndedTakeover, ended: EndedGeneration) => void;
  /** Undefined if this version cannot read the request. */
  readonly decodeRequest: (
    request: Uint8Array,
    kind: StreamSummary["kind"],
  ) => StoredRequest | undefined;
}

/** The end of a stream that was taken over. */
export interface EndedTakeover {
  readonly streamId: string;
  readonly caller: string;
  /** "" if the call had none. */
  readonly requestId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly traceId: string | undefined;
}

/** The next run of a stream that was taken over. */
interface NextRun {
  readonly run: GenerationRun;
  /** Whether the request ran again, or no target took it. */
  readonly goesOn: boolean;
  /** Whether the run writes its own usage record: it was prepared, or no target took it. */
  readonly isRecorded: boolean;
  /** Whether the run settles what is reserved for it. */
  readonly isPrepared: boolean;
  /** Output that readers hold and the run goes on with. */
  readonly delivered?: DeliveredOutput | undefined;
}

/** The source of events for a stream that was taken over. */
interface Feed extends NextRun {
  readonly events: StreamEvents;
  readonly lost: Attempt;
  readonly callFacts: CallFacts;
}

/** The result of a takeover. */
interface Taken {
  readonly goesOn: boolean;
  readonly ended: Promise<unknown>;
}

/** Continues streams whose owner is lost, or ends them. */
export class Takeover {
  readonly #dependencies: TakeoverDependencies;
  readonly #unread: UnreadAnswers;

  constructor(dependencies: TakeoverDependencies) {
    this.#dependencies = dependencies;
    this.#unread = new UnreadAnswers(dependencies.clock);
  }

  /** Continues an orphan if possible, and ends it otherwise. */
  async adopt(stream: StoredStream): Promise<"taken" | "ended" | "left"> {
    const { streamId, progress } = stream;
    const summary = readSummary(progress);
    const isUnread = summary.kind === "unary" && this.#dependencies.log.readerCount(streamId) === 0;
    if (!isUnread) this.#unread.delete(streamId);
    else if (this.#unread.isLeftToOthers(streamId)) return "left";
    const taken = await this.#take(stream, summary, isUnread ? ownerLost() : undefined);
    if (taken === "left") return taken;
    return taken.goesOn ? "taken" : "ended";
  }

  /** Ends an orphan even if it could continue; false: another replica owns it now. */
  async end(stream: StoredStream): Promise<boolean> {
    const taken = await this.#take(stream, readSummary(stream.progress), ownerLost());
    if (taken === "left") return false;
    await taken.ended;
    return true;
  }

  /** Takes over an orphan, unless another replica does. With `ending` the stream ends. */
  async #take(
    stream: StoredStream,
    summary: StreamSummary,
    ending: GatewayError | undefined,
  ): Promise<"left" | Taken> {
    const { log, telemetry, onDefect } = this.#dependencies;
    const request = await this.#requestOf(stream, summary);
    const span = telemetry.startTakeover({ epoch: stream.token.epoch + 1 });
    const work: TakeoverWork = { run: undefined, stopped: undefined, isFed: false };
    const hooks = this.#hooksOf(summary, request, work);
    const claimed = await log.claim(stream, hooks).catch((error: unknown) => {
      span.end({ code: "UNAVAILABLE", reason: undefined });
      throw error;
    });
    if (claimed === undefined) {
      span.end({ code: "OK", reason: undefined });
      return "left";
    }
    try {
      return await this.#goOn({ ...claimed, stream, summary, request, ending, span, work });
    } catch (defect) {
      // This process owns the stream now, so no other replica would end it.
      onDefect(defect, { generation_id: summary.generationId, stream_id: stream.streamId });
      span.end({ code: "INTERNAL", reason: "internal" });
      this.#endByDefect(claimed, work, defect);
      return { goesOn: false, ended: claimed.owned.ended };
    }
  }

  /** Undefined if no replica can continue the stream. */
  async #requestOf(
    stream: StoredStream,
    summary: StreamSummary,
  ): Promise<StoredRequest | undefined> {
    const { log, decodeRequest } = this.#dependencies;
    const stored = stream.canMove ? await log.store.loadRequest(stream.streamId) : undefined;
    // Without the summary, the kind of the stored request is unknown.
    const isKnown = stored !== undefined && summary.generationId !== "";
    return isKnown ? decodeRequest(stored, summary.kind) : undefined;
  }

  #hooksOf(
    summary: StreamSummary,
    request: StoredRequest | undefined,
    work: TakeoverWork,
  ): StreamHooks {
    return {
      // A whole answer stops when its last waiter at any replica has left.
      disconnect:
        request !== undefined && summary.kind === "stream"
          ? this.#dependencies.disconnectPolicy(request.options)
          : { policy: "cancel" },
      stop(error) {
        work.stopped = error;
        work.run?.abort(error);
      },
    };
  }

  #endByDefect(
    { owned, record }: Pick<ClaimedStream, "owned" | "record">,
    work: TakeoverWork,
    defect: unknown,
  ): void {
    if (work.isFed) {
      work.run?.abort(internalError(defect));
      return;
    }
    work.run?.release();
    const { encodeEvent } = this.#dependencies;
    storedSink(owned, owned.writerId, encodeEvent, this.#dependencies).addInternal({
      isContent: false,
      ending: { phase: "failed", freesKey: true },
      progress: record.progress,
    });
  }

  /** Runs the request of a claimed stream, or ends the stream. */
  async #goOn(taken: ClaimedStream): Promise<Taken> {
    const { owned, record, stream, summary, work } = taken;
    const callFacts: CallFacts = {
      generationId: summary.generationId,
      caller: stream.caller,
      labels: summary.labels,
      stream: summary.kind === "stream",
    };
    const lost = await this.#lostAttempt(taken);
    // An owner that handed over the stream has written the record itself.
    if (!stream.handedOff) {
      this.#dependencies.runs.usage.record({ ...callFacts, type: "attempt", attempt: lost });
    }
    const before: Before = {
      generationId: summary.generationId,
      createTimeMs: summary.createTimeMs,
      attempts: [...summary.attempts, lost],
    };
    const next = await this.#nextRun(taken, before, lost);
    work.run = next.run;
    if (work.stopped !== undefined) next.run.abort(work.stopped);
    const events = new StreamEvents({
      options: taken.request?.options ?? WHOLE_ANSWER,
      clock: this.#dependencies.clock,
      streamId: record.streamId,
      result: next.run.result,
      target: next.run.target,
      durability: this.#dependencies.log.store.capabilities.durability,
      retentionMs: record.retentionMs,
      json: await openJsonStream(taken.request?.options ?? WHOLE_ANSWER),
      tail: record.tail,
      firstOutput: next.delivered?.firstSequence,
    });
    this.#feed(taken, { ...next, events, lost, callFacts });
    // The stream may have no readers any more.
    owned.watchReaders();
    return { goesOn: next.goesOn, ended: owned.ended };
  }

  /** The attempt that was lost with its owner, with its usage. */
  async #lostAttempt({ record, stream, summary, request }: ClaimedStream): Promise<Attempt> {
    const { clock, log, lostUsage } = this.#dependencies;
    const ended = lostAttempt(record, summary, clock.wallTime());
    if (request === undefined) return ended;
    const isStream = summary.kind === "stream";
    const { streamId } = stream;
    const used = await lostUsage(
      { store: log.store, streamId, spec: request.spec, isStream },
      ended,
    );
    return { ...ended, ...used };
  }

  /** The run that continues the stream or ends it. */
  async #nextRun(taken: ClaimedStream, before: Before, lost: Attempt): Promise<NextRun> {
    const { record, stream, summary, request, ending, span } = taken;
    const { clock, runs, log, lostOutput, onDefect } = this.#dependencies;
    const failed = (error: unknown): GenerationRun =>
      failedRun({ clock, record, summary, before, onDefect }, error);
    const why = ending ?? obstacle(record, stream.now, request, log.settings.maxTakeovers);
    if (why !== undefined || request === undefined) {
      return { run: failed(why), goesOn: false, isRecorded: false, isPrepared: false };
    }
    const isStream = summary.kind === "stream";
    const isKept = keepsOutput(record, request);
    const { spec } = request;
    const { streamId } = record;
    const delivered = isKept
      ? await lostOutput({ store: log.store, streamId, spec, isStream }, lost)
      : undefined;
    if (isKept && delivered === undefined) {
      return { run: failed(ownerLost()), goesOn: false, isRecorded: false, isPrepared: false };
    }
    const call = {
      spec,
      caller: stream.caller,
      stream: isStream,
      timeoutMs: stream.deadlineAt - stream.now,
      telemetry: span,
      // If `endsAtDiscard` is set, the log does not say whether the creator accepts discards.
      acceptsDiscard: !isStream || summary.endsAtDiscard !== true,
      canMove: true,
      before: delivered === undefined ? before : { ...before, delivered },
    };
    try {
      const run = await runs.prepare(call, new AbortController().signal);
      return { run, goesOn: true, isRecorded: true, isPrepared: true, delivered };
    } catch (error) {
      const isRecorded = error instanceof GenerationFailed;
      // Readers that hold output are told of its end alone.
      const goesOn = delivered === undefined;
      return { run: failed(error), goesOn, isRecorded, isPrepared: false };
    }
  }

  /** Feeds the stream with the events of its run, to the end. */
  #feed(taken: ClaimedStream, feed: Feed): void {
    const { owned, record, stream, summary, span, work } = taken;
    const { run, goesOn, isRecorded, isPrepared, events, lost, callFacts, delivered } = feed;
    const { runs, log, encodeEvent, onDefect, onEnd } = this.#dependencies;
    const { streamId } = record;
    const facts = factsOf(summary);
    const encode = createStoredEncoder(encodeEvent, log.settings.maxBytes);
    const sink = storedSink(owned, owned.writerId, encode, this.#dependencies);
    const notice: AttemptNotice = {
      failed: lost,
      action: "takeover",
      next: run.target,
      delayMs: 0,
      discardOutput: record.firstContent > 0 && delivered === undefined,
    };
    const tellTakeover = (): void => {
      const progress = progressOf(run, facts, undefined, run.target);
      void sink.add(events.notice(notice), { isContent: false, progress });
    };
    work.isFed = true;
    produceStream({
      run,
      events,
      sink,
      facts,
      onDefect,
      streamId,
      onEnd(told) {
        const { caller, requestId } = stream;
        const { labels } = summary;
        onEnd({ streamId, caller, requestId, labels, traceId: span.traceId }, told);
      },
      ...(goesOn && summary.kind === "stream" && { open: tellTakeover }),
    })
      .then((outcome) => {
        if (!isRecorded) recordGeneration(runs.usage, callFacts, outcome);
        if (!isPrepared) {
          const used = usedAmounts(generationOf(outcome));
          runs.limits.settle(stream.caller, summary.generationId, used);
        }
        const failed = outcome.state === "failed" ? outcome.failure.error.kind : undefined;
        span.end({ code: failed === undefined ? "OK" : "UNKNOWN", reason: failed });
      })
      .catch((defect: unknown) => onDefect(defect, { stream_id: streamId }));
  }
}
