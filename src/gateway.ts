// The journey of a call: route → admit → attempts → events → log → reader.
// Everything else in src/ is a step of it, and this file is where the steps meet.

import { NO_DELIVERY } from "./attempt-run.ts";
import type { Clock } from "./clock.ts";
import { GatewayError } from "./domain/gateway-error.ts";
import { type Generation, GenerationFailed, type StreamEvent } from "./domain/generation.ts";
import type { GenerationSpec } from "./domain/generation-spec.ts";
import type { StreamOptions } from "./domain/stream-options.ts";
import type { GenerationRun, GenerationRuns } from "./generation-run.ts";
import { createStreamEvents } from "./output/stream-events.ts";
import { produce } from "./produce-stream.ts";
import {
  type BegunStream,
  type CallIdentity,
  type OpenStream,
  STORED_PREFIX,
  type StoredGenerations,
} from "./stored-generation.ts";
import { readSummary } from "./stream-summary.ts";
import { LiveStream } from "./streams/live-stream.ts";
import { cancelledBy } from "./streams/owned-stream.ts";
import { storeUnavailable, streamExpired, streamNotFound } from "./streams/stream-errors.ts";
import type { StreamLog } from "./streams/stream-log.ts";
import type { Cursor } from "./streams/stream-store.ts";
import type { CallTelemetry } from "./telemetry/telemetry.ts";

export interface GatewayDependencies {
  readonly clock: Clock;
  readonly runs: GenerationRuns;
  readonly log: StreamLog;
  readonly stored: StoredGenerations;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
  /** An event as it is sent and stored; `writer` 0 where it is not stored. */
  readonly encodeEvent: (event: StreamEvent, writer: number) => Uint8Array;
}

export interface GenerationCall {
  readonly spec: GenerationSpec;
  /** Aborted when the caller is gone or has cancelled. */
  readonly signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly telemetry: CallTelemetry;
  readonly identity: CallIdentity;
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
  cancelGeneration(
    caller: string,
    target: { readonly streamId: string } | { readonly requestId: string },
  ): Promise<boolean>;
}

export interface ResumeCall {
  readonly caller: string;
  readonly streamId: string;
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
}

const EPHEMERAL_PREFIX = "e.";

/** A whole answer is read by nobody before its end, and by no one after. */
const WHOLE: StreamOptions = {
  omitReasoning: false,
  includeUsage: false,
  includeEventTime: false,
  omitFinalMessage: false,
  heartbeatMs: 0,
  ephemeral: false,
  retentionMs: undefined,
  onDisconnect: "cancel",
  disconnectGraceMs: undefined,
};

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, runs, log, stored, newId, encodeEvent } = dependencies;

  /** A stream that nothing outlives. */
  function ephemeral(run: GenerationRun, call: GenerationCall, options: StreamOptions): OpenStream {
    const { result, target } = run;
    const stream = new LiveStream();
    const streamId = `${EPHEMERAL_PREFIX}${newId()}`;
    const events = createStreamEvents({
      options,
      clock,
      streamId,
      result,
      target,
      durability: "none",
      retentionMs: undefined,
      tail: 0,
    });
    void stream.add(encodeEvent(events.start(), 0));
    const production = produce(run, events, undefined, (event) =>
      stream.add(encodeEvent(event, 0)),
    ).then(() => stream.end());
    const deliveries = stream.follow({
      clock,
      heartbeatMs: options.heartbeatMs,
      signal: call.signal,
      onLeave: async () => {
        run.abort(cancelledBy("disconnect"));
        await production;
      },
    });
    return {
      streamId,
      generationId: result.generationId,
      isReplayed: false,
      deliveries,
      terminal: () => stream.terminal,
    };
  }

  /** A whole answer that nothing is stored of. */
  async function runWhole(run: GenerationRun, signal: AbortSignal): Promise<Generation> {
    const cancel = (): void => run.abort(cancelledBy("caller"));
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
    try {
      const outcome = await run.run(NO_DELIVERY);
      if (outcome.state === "failed") throw new GenerationFailed(outcome.failure);
      return outcome.generation;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Waits for the end of a stream of which nothing else is wanted. */
  async function endOf({ stream, outcome }: BegunStream): Promise<WholeAnswer> {
    for await (const _ of stream.deliveries);
    const terminal = stream.terminal();
    if (terminal === undefined) throw new GatewayError("internal", "a stream ended without an end");
    const own = await outcome;
    const generation = own?.state === "succeeded" ? own.generation : undefined;
    return { state: "stored", terminal, isReplayed: stream.isReplayed, generation };
  }

  return {
    async generate(call) {
      const { spec, timeoutMs, telemetry, signal, identity } = call;
      const before = await stored.known(call);
      if (before !== undefined) {
        return endOf({ stream: stored.join(before, signal), outcome: undefined });
      }
      const request = { spec, stream: false, timeoutMs, telemetry, before: undefined };
      const run = await runs.admit(request, signal);
      const begun =
        identity.requestId === "" ? undefined : await stored.begin(run, call, WHOLE, "unary");
      if (begun !== undefined) return endOf(begun);
      return { state: "generated", generation: await runWhole(run, signal) };
    },

    async streamGenerate(call, options) {
      const { spec, telemetry, signal, timeoutMs } = call;
      const isEphemeral = options.ephemeral;
      const before = isEphemeral ? undefined : await stored.known(call);
      if (before !== undefined) return stored.join(before, signal);
      // The deadline of a call bounds the generation only where nothing outlives the call.
      const limit = isEphemeral ? timeoutMs : undefined;
      const request = { spec, stream: true, timeoutMs: limit, telemetry, before: undefined };
      const run = await runs.admit(request, signal);
      const begun = isEphemeral ? undefined : await stored.begin(run, call, options, "stream");
      return begun?.stream ?? ephemeral(run, call, options);
    },

    async resumeStream({ caller, streamId, cursor, signal }) {
      if (streamId.startsWith(EPHEMERAL_PREFIX)) {
        throw new GatewayError("validation", "an ephemeral stream cannot be resumed", {
          reason: "STREAM_NOT_RESUMABLE",
        });
      }
      if (!streamId.startsWith(STORED_PREFIX)) throw streamNotFound(streamId);
      const heads = await log.health.admit(log.settings.storeTimeoutMs, () =>
        log.store.heads([streamId]),
      );
      if (heads === undefined) throw storeUnavailable();
      const stream = heads[0];
      if (stream === undefined || stream.caller !== caller) throw streamNotFound(streamId);
      if (stream.expiredAt !== undefined) throw streamExpired(streamId);
      const { generationId, heartbeatMs } = readSummary(stream.progress);
      return stored.open(streamId, cursor, signal, heartbeatMs, { generationId, isReplayed: true });
    },

    async cancelGeneration(caller, target) {
      const { storeTimeoutMs } = log.settings;
      const found = await log.health.admit(storeTimeoutMs, async () =>
        "requestId" in target
          ? [await log.store.find(caller, target.requestId)]
          : log.store.heads([target.streamId]),
      );
      if (found === undefined) throw storeUnavailable();
      const [stream] = found;
      if (stream === undefined || stream.caller !== caller) {
        throw streamNotFound("requestId" in target ? target.requestId : target.streamId);
      }
      if (stream.phase !== "running") return false;
      const after = await log.requestCancel(stream.streamId, "caller");
      return after !== undefined;
    },
  };
}
