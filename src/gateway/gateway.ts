// The journey of a call: route → target → attempts → events → log → reader. Each other folder of src/ is a step of
// the journey, and this file joins the steps.

import { type StreamOptions, WHOLE_ANSWER } from "../domain/stream-options.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import type {
  Gateway,
  GenerationCall,
  OpenStream,
  ResumeCall,
  StreamName,
  WholeAnswer,
} from "../ports/gateway.ts";
import { answerTimeMs } from "../reliability/attempt-limits.ts";
import { toGatewayError } from "../reliability/run-attempt.ts";
import { outlivesProcess } from "../store/store-engine.ts";
import { streamExpired, streamNotFound } from "../streams/stream-errors.ts";
import type { StreamTelemetry } from "../telemetry/stream-telemetry.ts";
import { checkResumable, EphemeralStreams } from "./ephemeral-streams.ts";
import { findStream } from "./find-stream.ts";
import type { GenerationRuns } from "./generation-runs.ts";
import { deleteStream, storedRequest } from "./kept-streams.ts";
import {
  STORED_PREFIX,
  type StoredGenerationDependencies,
  type StoredGenerations,
} from "./stored-generations.ts";
import { unstoredAnswer, wholeAnswer } from "./whole-answer.ts";

export interface GatewayDependencies extends StoredGenerationDependencies {
  readonly telemetry: StreamTelemetry;
  readonly runs: GenerationRuns;
  readonly stored: StoredGenerations;
}

/** The result of a reader, as a word from a small set. */
function resultOf(error: unknown): string {
  if (error === undefined) return "ok";
  const { reason, kind } = toGatewayError(error);
  return reason ?? kind.toUpperCase().replaceAll("-", "_");
}

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, runs, log, local, stored, telemetry } = dependencies;
  const ephemeral = new EphemeralStreams(dependencies);
  /** A stored generation can outlive its replica. */
  const canMove = (): boolean =>
    outlivesProcess(log.store.capabilities) && log.settings.takeover === "auto";

  async function generate(call: GenerationCall): Promise<WholeAnswer> {
    const { spec, timeoutMs, signal, identity } = call;
    const joined = await stored.join(call);
    if (joined !== undefined) return wholeAnswer({ stream: joined, outcome: undefined }, call);
    const request = {
      spec,
      caller: identity.caller,
      stream: false,
      timeoutMs,
      telemetry: call.telemetry,
      acceptsDiscard: true,
      warnings: call.warnings,
      canMove: identity.requestId !== "" && canMove(),
      onStandings: call.onStandings,
      before: undefined,
    };
    const run = await runs.prepare(request, signal);
    const begun =
      identity.requestId === "" ? undefined : await stored.begin(run, call, WHOLE_ANSWER, "unary");
    if (begun !== undefined) return wholeAnswer(begun, call);
    return { state: "generated", generation: await unstoredAnswer(run, signal) };
  }

  async function streamGenerate(call: GenerationCall, options: StreamOptions): Promise<OpenStream> {
    const { spec, signal, timeoutMs, acceptsDiscard } = call;
    const isEphemeral = options.ephemeral;
    const joined = isEphemeral ? undefined : await stored.join(call);
    if (joined !== undefined) return joined;
    const request = {
      spec,
      caller: call.identity.caller,
      stream: true,
      // The deadline of a call bounds the generation only if nothing outlives the call.
      timeoutMs: isEphemeral ? timeoutMs : undefined,
      readMs: timeoutMs === undefined ? undefined : answerTimeMs(timeoutMs),
      telemetry: call.telemetry,
      acceptsDiscard,
      warnings: call.warnings,
      canMove: !isEphemeral && canMove(),
      onStandings: call.onStandings,
      before: undefined,
    };
    // This comes first, because nothing may delay a run after a target has taken it.
    const json = await openJsonStream(options);
    const run = await runs.prepare(request, signal);
    const begun = isEphemeral ? undefined : await stored.begin(run, call, options, "stream");
    if (begun !== undefined) return begun.stream;
    try {
      return ephemeral.begin(run, call, options, json);
    } catch (error) {
      run.release();
      throw error;
    }
  }

  async function resumeStream(call: ResumeCall): Promise<OpenStream> {
    const { caller, streamId, cursor } = call;
    checkResumable(streamId);
    const startedAt = clock.now();
    try {
      const stream = await findStream(dependencies, caller, { streamId });
      if (stream.expiredAt !== undefined) throw streamExpired(streamId);
      return stored.resume(stream, cursor, call, {
        first: () => telemetry.resumeLatency(clock.now() - startedAt),
        ended: (error) => telemetry.resumed(resultOf(error)),
      });
    } catch (error) {
      telemetry.resumed(resultOf(error));
      throw error;
    }
  }

  async function cancelGeneration(caller: string, target: StreamName): Promise<boolean> {
    if ("streamId" in target && ephemeral.cancel(caller, target.streamId)) return true;
    const { streamId, phase } = await findStream(dependencies, caller, target);
    if (phase !== "running") return false;
    const owner = streamId.startsWith(STORED_PREFIX) ? log : local;
    const asked = await owner.requestCancel(streamId, "caller");
    // The stream may have ended since the look-up.
    return asked?.phase === "running" || asked?.phase === "cancelled";
  }

  async function joinStream(call: GenerationCall): Promise<OpenStream> {
    const joined = await stored.join(call);
    if (joined !== undefined) return joined;
    throw streamNotFound(call.identity.requestId);
  }

  return {
    generate,
    streamGenerate,
    joinStream,
    deleteStream: (caller, streamId) => deleteStream(dependencies, caller, streamId),
    storedRequest: (caller, streamId, maxBytes) =>
      storedRequest(dependencies, { caller, streamId, maxBytes }),
    resumeStream,
    cancelGeneration,
  };
}
