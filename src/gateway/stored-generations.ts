import type { Clock } from "../clock.ts";
import type { Cursor } from "../domain/cursor.ts";
import { internalError, type OnDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { DisconnectPolicy, StreamOptions } from "../domain/stream-options.ts";
import type { Warning } from "../domain/warning.ts";
import type { Outcome } from "../output/generation-result.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import { StreamEvents } from "../output/stream-events.ts";
import type { GenerationCall, OpenStream } from "../ports/gateway.ts";
import type { OwnedStream } from "../streams/owned-stream.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { ReaderWatch } from "../streams/stream-reader-options.ts";
import type { NewStream } from "../streams/stream-record.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import { type EventEncoder, storedSink } from "./event-sink.ts";
import type { GenerationRun } from "./generation-run.ts";
import { produceStream } from "./produce-stream.ts";
import { readingDeadline } from "./reading-deadline.ts";
import { createStoredEncoder } from "./stored-encoder.ts";
import { progressOf, readSummary, type StreamFacts } from "./stream-summary.ts";

/** The logs of streams. */
export interface StreamLogs {
  readonly log: StreamLog;
  /** Streams in the memory of this process, for idempotency keys while the store is away. */
  readonly local: StreamLog;
}

/** Dependencies of every stored stream, and the logs. */
export interface StoredGenerationDependencies extends EventEncoder, StreamLogs {
  readonly clock: Clock;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
  readonly onDefect: OnDefect;
}

/** A call, as a stored stream needs it. */
export type StoredCall = Pick<
  GenerationCall,
  "spec" | "signal" | "timeoutMs" | "identity" | "acceptsDiscard" | "onEnd"
>;

/** A generation that needs a stream. */
interface NewGeneration {
  readonly run: GenerationRun;
  readonly call: StoredCall;
  readonly options: StreamOptions;
  readonly kind: StreamFacts["kind"];
}

/** A stored stream, with its outcome if this call has begun it. */
export interface BegunStream {
  readonly stream: OpenStream;
  readonly outcome: Promise<Outcome> | undefined;
}

/**
 * Whether readers that accept no discards end at one. A request with RESTART but without `accepts_discard` is older than
 * that field, and accepts discards.
 */
export function endsAtDiscard({ acceptsDiscard, spec }: StoredCall): boolean {
  return acceptsDiscard || spec.routing.midStreamRecovery !== "restart";
}

export const STORED_PREFIX = "s.";
export const EPHEMERAL_PREFIX = "e.";

/** The idempotency key is known at this replica only, because the store is away or answered too late. */
const IDEMPOTENCY_LOCAL: Warning = {
  reason: "IDEMPOTENCY_LOCAL",
  message: "the stream is not stored: request_id is known only to this replica, as long as it runs",
  field: "request_id",
};

function streamUnstored(isLate: boolean): Warning {
  const why = isLate ? "did not answer in time" : "is away";
  return {
    reason: "STREAM_UNSTORED",
    message: `the stream store ${why}: the stream is not stored, and cannot be resumed`,
    field: "",
  };
}

function noPlaceLeft(): GatewayError {
  return new GatewayError("gateway-overloaded", "no room is left for calls with a request_id");
}

const FROM_START: Cursor = { sequence: 0, writer: 0 };

/** Whether a reader has received output up to its cursor. */
function holdsOutput({ sequence }: Cursor, { firstContent, tail }: StoredStream): boolean {
  // Events delivered while the store is away can be ahead of the store.
  return sequence > tail || (firstContent > 0 && sequence >= firstContent);
}

/** A created stream with the producers of its events. */
interface CreatedStream {
  readonly owned: OwnedStream;
  /** The writer for cursors; 0: the stream cannot be resumed. */
  readonly writer: number;
  readonly events: StreamEvents;
  readonly facts: StreamFacts;
  readonly streamId: string;
}

/** Begins, joins and reads the stored streams of calls. */
export class StoredGenerations {
  readonly #dependencies: StoredGenerationDependencies;

  constructor(dependencies: StoredGenerationDependencies) {
    this.#dependencies = dependencies;
  }

  disconnectPolicy(options: StreamOptions): DisconnectPolicy {
    if (options.onDisconnect !== "grace") return { policy: options.onDisconnect };
    const { disconnectGraceMs } = this.#dependencies.log.settings;
    return { policy: "grace", graceMs: options.disconnectGraceMs ?? disconnectGraceMs };
  }

  /** Continues reading an existing stream. */
  resume(
    stream: StoredStream,
    cursor: Cursor,
    { signal, timeoutMs }: Pick<StoredCall, "signal" | "timeoutMs">,
    watch?: ReaderWatch,
  ): OpenStream {
    const { log, local } = this.#dependencies;
    const { streamId } = stream;
    const { kind, generationId, heartbeatMs, endsAtDiscard } = readSummary(stream.progress);
    const from = streamId.startsWith(STORED_PREFIX) ? log : local;
    const deadline = readingDeadline(timeoutMs, undefined);
    const reader = from.reader(
      { streamId, cursor, signal, deadline, heartbeatMs, watch },
      kind === "unary",
    );
    return {
      streamId,
      generationId,
      isReplayed: false,
      endsAtDiscard: endsAtDiscard ?? false,
      holdsOutput: holdsOutput(cursor, stream),
      tail: stream.tail,
      deliveries: reader.follow(),
      terminal: () => reader.terminal,
    };
  }

  /** The existing stream of the call's idempotency key, if there is one. */
  async join(call: StoredCall): Promise<OpenStream | undefined> {
    const { log, local } = this.#dependencies;
    const { caller, requestId, fingerprint } = call.identity;
    if (requestId === "") return undefined;
    const found =
      (await log.find(caller, requestId, fingerprint)) ??
      (await local.find(caller, requestId, fingerprint));
    return found === undefined ? undefined : this.#joined(found, call);
  }

  /**
   * Begins a stored stream, or joins the one of its idempotency key; undefined: the store is away. Without the store,
   * this process alone holds the key.
   */
  async begin(
    run: GenerationRun,
    call: StoredCall,
    options: StreamOptions,
    kind: StreamFacts["kind"],
  ): Promise<BegunStream | undefined> {
    const { log, local } = this.#dependencies;
    const begun = await this.#beginIn(log, { run, call, options, kind });
    if (begun !== undefined || call.identity.requestId === "") return begun;
    run.result.warn(IDEMPOTENCY_LOCAL);
    const cancelled: StreamOptions = { ...options, onDisconnect: "cancel" };
    const held = await this.#beginIn(local, { run, call, options: cancelled, kind });
    if (held !== undefined) return held;
    run.release();
    throw noPlaceLeft();
  }

  /** The stream that an earlier call with the same key has begun, from its first event on. */
  #joined(stream: StoredStream, call: StoredCall): OpenStream {
    return { ...this.resume(stream, FROM_START, call), isReplayed: true };
  }

  /** The run is released if no stream receives its events. */
  async #beginIn(into: StreamLog, generation: NewGeneration): Promise<BegunStream | undefined> {
    const { run, call } = generation;
    let begun: CreatedStream | StoredStream | undefined;
    try {
      begun = await this.#createIn(into, generation);
    } catch (error) {
      run.release();
      throw error;
    }
    if (begun === undefined) return undefined;
    if ("owned" in begun) return this.#feed(into, generation, begun);
    run.release();
    return { stream: this.#joined(begun, call), outcome: undefined };
  }

  /** Starts the run that feeds the stream, and opens the stream for the call. */
  #feed(into: StreamLog, generation: NewGeneration, created: CreatedStream): BegunStream {
    const { encodeEvent, log, onDefect } = this.#dependencies;
    const { run, call } = generation;
    const { owned, writer, events, facts, streamId } = created;
    const encode = createStoredEncoder(encodeEvent, log.settings.maxBytes);
    const sink = storedSink(owned, writer, encode, this.#dependencies);
    const { onEnd } = call;
    const outcome = produceStream({ run, events, sink, facts, onDefect, onEnd, streamId });
    try {
      return { stream: this.#openOwn(into, generation, streamId), outcome };
    } catch (error) {
      // The call does not read the stream that the run would feed.
      run.abort(internalError(error));
      throw error;
    }
  }

  #openOwn(
    into: StreamLog,
    { run, call, options, kind }: NewGeneration,
    streamId: string,
  ): OpenStream {
    const { signal, timeoutMs } = call;
    const isWhole = kind === "unary";
    // A unary call's deadline ends its generation, whose error names the deadline.
    const deadline = isWhole ? undefined : readingDeadline(timeoutMs, run.result);
    const { heartbeatMs } = options;
    const reader = into.reader(
      { streamId, cursor: FROM_START, signal, deadline, heartbeatMs, watch: undefined },
      isWhole,
    );
    return {
      streamId,
      generationId: run.result.generationId,
      isReplayed: false,
      endsAtDiscard: endsAtDiscard(call),
      holdsOutput: false,
      deliveries: reader.follow(),
      terminal: () => reader.terminal,
      soFar: () => run.result.soFar(),
    };
  }

  /** Creates the stream in a store, or finds the one of its idempotency key; undefined: the store is away. */
  async #createIn(
    into: StreamLog,
    generation: NewGeneration,
  ): Promise<CreatedStream | StoredStream | undefined> {
    const { local, newId, encodeEvent } = this.#dependencies;
    const { run, call, options, kind } = generation;
    const isLocal = into === local;
    const streamId = `${isLocal ? EPHEMERAL_PREFIX : STORED_PREFIX}${newId()}`;
    const events = await this.#eventsOf(into, generation, streamId);
    const facts: StreamFacts = {
      kind,
      labels: call.spec.labels,
      heartbeatMs: options.heartbeatMs,
      ...(endsAtDiscard(call) && { endsAtDiscard: true }),
    };
    const token = into.newToken();
    // A stream that cannot be resumed has no writer for cursors.
    const writer = isLocal ? 0 : token.nonce;
    const begun = await into.begin(
      {
        ...newStream(into, generation, streamId, isLocal),
        streamId,
        token,
        start: encodeEvent(events.start(), writer),
        progress: progressOf(run, facts, undefined, undefined),
      },
      {
        disconnect: this.disconnectPolicy(options),
        stop: (error) => run.abort(error),
        endUnstarted: () => encodeEvent(events.unstarted(), writer),
      },
    );
    switch (begun.state) {
      case "unavailable":
        if (!isLocal && kind === "stream") run.result.warn(streamUnstored(begun.isLate));
        return undefined;
      case "joined":
        return begun.stream;
      case "created":
        return { owned: begun.stream, writer, events, facts, streamId };
    }
  }

  async #eventsOf(
    into: StreamLog,
    { run, options }: NewGeneration,
    streamId: string,
  ): Promise<StreamEvents> {
    const { clock, local } = this.#dependencies;
    const isLocal = into === local;
    return new StreamEvents({
      options,
      clock,
      streamId,
      result: run.result,
      target: run.target,
      durability: isLocal ? "none" : into.store.capabilities.durability,
      retentionMs: isLocal ? undefined : retentionOf(into, options),
      json: await openJsonStream(options),
      tail: 0,
    });
  }
}

/** Milliseconds for which an ended stream is kept. */
function retentionOf({ settings }: StreamLog, options: StreamOptions): number {
  return options.retentionMs ?? settings.retentionMs;
}

/** The part of a stream's record that the call and the store determine. */
function newStream(
  into: StreamLog,
  { run, call, options }: NewGeneration,
  streamId: string,
  isLocal: boolean,
): Omit<NewStream, "streamId" | "token" | "start" | "progress"> {
  const { identity } = call;
  const { settings, store } = into;
  const canMove = settings.takeover === "auto" && store.capabilities.durability !== "process";
  // Nobody finds a stream again that the memory of this process holds while the store is away.
  const keepsRequest = identity.keepsRequest === true && !isLocal;
  const { createTimeMs } = run.result;
  return {
    session: into.session,
    caller: identity.caller,
    requestId: identity.requestId,
    fingerprint: identity.fingerprint,
    request: canMove || keepsRequest ? identity.request({ streamId, createTimeMs }) : undefined,
    canMove,
    keepsRequest,
    retentionMs: retentionOf(into, options),
    totalMs: run.limitMs,
  };
}
