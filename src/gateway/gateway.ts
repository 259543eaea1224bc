// The journey of a call: route → admit → attempts → events → log → reader.
// Everything else in src/ is a step of it, and this file is where the steps meet.

import { GatewayError } from "../domain/gateway-error.ts";
import { type Generation, GenerationFailed } from "../domain/generation.ts";
import { type StreamOptions, WHOLE_ANSWER } from "../domain/stream-options.ts";
import type { JsonStream } from "../output/json-stream.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import { StreamEvents } from "../output/stream-events.ts";
import type {
  Gateway,
  GenerationCall,
  OpenStream,
  StreamName,
  WholeAnswer,
} from "../ports/gateway.ts";
import { answerTimeMs } from "../reliability/limits.ts";
import { toGatewayError } from "../reliability/run-attempt.ts";
import { LiveStream } from "../streams/live-stream.ts";
import { cancelledBy } from "../streams/owned-stream.ts";
import { storeUnavailable, streamExpired, streamNotFound } from "../streams/stream-errors.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import type { StreamTelemetry } from "../telemetry/stream-telemetry.ts";
import { NO_DELIVERY } from "./attempt-run.ts";
import { liveSink } from "./event-sink.ts";
import type { GenerationRun, GenerationRuns } from "./generation-run.ts";
import { produce } from "./produce-stream.ts";
import {
  type BegunStream,
  EPHEMERAL_PREFIX,
  endsAtDiscard,
  STORED_PREFIX,
  type StoredGenerationDependencies,
  type StoredGenerations,
} from "./stored-generation.ts";

export interface GatewayDependencies extends StoredGenerationDependencies {
  readonly telemetry: StreamTelemetry;
  readonly runs: GenerationRuns;
  readonly stored: StoredGenerations;
}

/** How a reader ended, as a word of few values. */
function resultOf(error: unknown): string {
  if (error === undefined) return "ok";
  const { reason, kind } = toGatewayError(error);
  return reason ?? kind.toUpperCase().replaceAll("-", "_");
}

function isCancelled(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.kind === "cancelled";
}

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, runs, log, local, stored, newId, encodeEvent, onDefect } = dependencies;
  /** Streams that nothing outlives, while they run. */
  const ephemeral = new Map<string, { readonly caller: string; readonly run: GenerationRun }>();

  function beginEphemeral(
    run: GenerationRun,
    call: GenerationCall,
    options: StreamOptions,
    json: JsonStream | undefined,
  ): OpenStream {
    const { result, target } = run;
    const stream = new LiveStream();
    const streamId = `${EPHEMERAL_PREFIX}${newId()}`;
    const events = new StreamEvents({
      options,
      clock,
      streamId,
      result,
      target,
      durability: "none",
      retentionMs: undefined,
      json,
      tail: 0,
    });
    void stream.add(encodeEvent(events.start(), 0));
    ephemeral.set(streamId, { caller: call.identity.caller, run });
    const sink = liveSink(stream, dependencies);
    const { onEnd } = call;
    const fed = produce({ run, events, sink, facts: undefined, onDefect, onEnd, streamId });
    const production = fed.finally(() => {
      ephemeral.delete(streamId);
      stream.end();
    });
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
      endsAtDiscard: endsAtDiscard(call),
      holdsOutput: false,
      deliveries,
      terminal: () => stream.terminal,
      soFar: () => result.soFar(),
    };
  }

  /** A whole answer that nothing is stored of. */
  async function runWhole(run: GenerationRun, signal: AbortSignal): Promise<Generation> {
    const cancel = (): void => run.abort(cancelledBy("caller"));
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel);
    try {
      const outcome = await run.run(NO_DELIVERY);
      if (outcome.state === "failed") throw new GenerationFailed(outcome.failure);
      return outcome.generation;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Waits for the end of a stream of which nothing else is wanted. */
  async function endOf(
    { stream, outcome }: BegunStream,
    { onOpen }: GenerationCall,
  ): Promise<WholeAnswer> {
    onOpen?.(stream.streamId, stream.generationId);
    try {
      for await (const _ of stream.deliveries);
    } catch (error) {
      if (stream.soFar === undefined || !isCancelled(error)) throw error;
      throw new GenerationFailed({ error, partial: stream.soFar() });
    }
    const terminal = stream.terminal();
    if (terminal === undefined) throw new GatewayError("internal", "a stream ended without an end");
    const own = await outcome;
    const generation = own?.state === "succeeded" ? own.generation : undefined;
    return { state: "stored", terminal, isReplayed: stream.isReplayed, generation };
  }

  /** The caller's own stream. Throws `GatewayError`. */
  async function find(caller: string, target: StreamName): Promise<StoredStream> {
    const asked = async (from: StreamLog): Promise<StoredStream | undefined> => {
      if ("requestId" in target) return from.store.find(caller, target.requestId);
      const [stream] = await from.store.heads([target.streamId]);
      return stream;
    };
    const here = await asked(local);
    if (here?.caller === caller) return here;
    const name = "requestId" in target ? target.requestId : target.streamId;
    if ("streamId" in target && !name.startsWith(STORED_PREFIX)) throw streamNotFound(name);
    const answer = await log.health.look(log.settings.storeTimeoutMs, async () => ({
      stream: await asked(log),
    }));
    if (answer === undefined) throw storeUnavailable();
    if (answer.stream?.caller !== caller) throw streamNotFound(name);
    return answer.stream;
  }

  return {
    async generate(call) {
      const { spec, timeoutMs, telemetry, signal, identity } = call;
      const joined = await stored.join(call);
      if (joined !== undefined) return endOf({ stream: joined, outcome: undefined }, call);
      const { caller } = identity;
      const request = {
        spec,
        caller,
        stream: false,
        timeoutMs,
        telemetry,
        acceptsDiscard: true,
        before: undefined,
      };
      const run = await runs.admit(request, signal);
      const begun =
        identity.requestId === ""
          ? undefined
          : await stored.begin(run, call, WHOLE_ANSWER, "unary");
      if (begun !== undefined) return endOf(begun, call);
      return { state: "generated", generation: await runWhole(run, signal) };
    },

    async streamGenerate(call, options) {
      const { spec, telemetry, signal, timeoutMs } = call;
      const { caller } = call.identity;
      const isEphemeral = options.ephemeral;
      const joined = isEphemeral ? undefined : await stored.join(call);
      if (joined !== undefined) return joined;
      // The deadline of a call bounds the generation only where nothing outlives the call.
      const limit = isEphemeral ? timeoutMs : undefined;
      const request = {
        spec,
        caller,
        stream: true,
        timeoutMs: limit,
        readMs: timeoutMs === undefined ? undefined : answerTimeMs(timeoutMs),
        telemetry,
        acceptsDiscard: call.acceptsDiscard,
        before: undefined,
      };
      // Before admission: nothing may hold up a run that has begun.
      const json = await openJsonStream(options);
      const run = await runs.admit(request, signal);
      const begun = isEphemeral ? undefined : await stored.begin(run, call, options, "stream");
      if (begun !== undefined) return begun.stream;
      try {
        return beginEphemeral(run, call, options, json);
      } catch (error) {
        run.release();
        throw error;
      }
    },

    async resumeStream(call) {
      const { caller, streamId, cursor } = call;
      if (streamId.startsWith(EPHEMERAL_PREFIX)) {
        throw new GatewayError("validation", "an ephemeral stream cannot be resumed", {
          reason: "STREAM_NOT_RESUMABLE",
        });
      }
      const { telemetry } = dependencies;
      const startedAt = clock.now();
      try {
        const stream = await find(caller, { streamId });
        if (stream.expiredAt !== undefined) throw streamExpired(streamId);
        return stored.resume(stream, cursor, call, {
          first: () => telemetry.resumeLatency(clock.now() - startedAt),
          ended: (error) => telemetry.resumed(resultOf(error)),
        });
      } catch (error) {
        telemetry.resumed(resultOf(error));
        throw error;
      }
    },

    async cancelGeneration(caller, target) {
      const running = "streamId" in target ? ephemeral.get(target.streamId) : undefined;
      if (running?.caller === caller) {
        running.run.abort(cancelledBy("caller"));
        return true;
      }
      const { streamId, phase } = await find(caller, target);
      if (phase !== "running") return false;
      const owner = streamId.startsWith(STORED_PREFIX) ? log : local;
      const asked = await owner.requestCancel(streamId, "caller");
      // It may have ended in between.
      return asked?.phase === "running" || asked?.phase === "cancelled";
    },
  };
}
