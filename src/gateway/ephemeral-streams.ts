import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { LiveMap } from "../domain/live-map.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import type { JsonStream } from "../output/json-stream.ts";
import { StreamEvents } from "../output/stream-events.ts";
import type { GenerationCall, OpenStream } from "../ports/gateway.ts";
import { LiveStream } from "../streams/live-stream.ts";
import { cancelledBy } from "../streams/owned-stream.ts";
import { type EventEncoder, liveSink } from "./event-sink.ts";
import type { GenerationRun } from "./generation-run.ts";
import { produceStream } from "./produce-stream.ts";
import { EPHEMERAL_PREFIX, endsAtDiscard } from "./stored-generations.ts";

export interface EphemeralStreamDependencies extends EventEncoder {
  readonly clock: Clock;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
  readonly onDefect: OnDefect;
}

/** Streams that cannot be resumed. Each ends with its call. */
export class EphemeralStreams {
  readonly #dependencies: EphemeralStreamDependencies;
  /** Running streams by identifier. */
  readonly #running = new LiveMap<
    string,
    { readonly caller: string; readonly run: GenerationRun }
  >();

  constructor(dependencies: EphemeralStreamDependencies) {
    this.#dependencies = dependencies;
  }

  begin(
    run: GenerationRun,
    call: GenerationCall,
    options: StreamOptions,
    json: JsonStream | undefined,
  ): OpenStream {
    const { clock, encodeEvent, newId, onDefect } = this.#dependencies;
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
    this.#running.set(streamId, { caller: call.identity.caller, run });
    const sink = liveSink(stream, this.#dependencies);
    const { onEnd } = call;
    const fed = produceStream({ run, events, sink, facts: undefined, onDefect, onEnd, streamId });
    const production = fed.finally(() => {
      this.#running.delete(streamId);
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

  /** Cancels the caller's own stream; false: no stream of the caller has this identifier. */
  cancel(caller: string, streamId: string): boolean {
    const running = this.#running.get(streamId);
    if (running?.caller !== caller) return false;
    running.run.abort(cancelledBy("caller"));
    return true;
  }
}

/** Throws `GatewayError` for an identifier of an ephemeral stream. */
export function checkResumable(streamId: string): void {
  if (!streamId.startsWith(EPHEMERAL_PREFIX)) return;
  throw new GatewayError("validation", "an ephemeral stream cannot be resumed", {
    reason: "STREAM_NOT_RESUMABLE",
  });
}
