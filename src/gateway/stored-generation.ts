// Stored streams of calls: begun, joined and read.

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
import type { ReaderDeadline } from "../streams/reader-deadline.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { ReaderWatch } from "../streams/stream-reader.ts";
import type { NewStream } from "../streams/stream-record.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import { type EventEncoder, storedSink } from "./event-sink.ts";
import type { GenerationRun } from "./generation-run.ts";
import { produce } from "./produce-stream.ts";
import { deadlineOf } from "./reading-deadline.ts";
import { createStoredEncoder } from "./stored-encoder.ts";
import { progressOf, readSummary, type StreamFacts } from "./stream-summary.ts";

export interface StoredGenerationDependencies extends EventEncoder {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** In the memory of this process: idempotency keys while the store is away. */
  readonly local: StreamLog;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
  readonly onDefect: OnDefect;
}

/** A call as a stored stream needs it. */
export type StoredCall = Pick<
  GenerationCall,
  "spec" | "signal" | "timeoutMs" | "identity" | "acceptsDiscard" | "onEnd"
>;

/** A stored stream, and how it ends where this call has begun it. */
export interface BegunStream {
  readonly stream: OpenStream;
  readonly outcome: Promise<Outcome> | undefined;
}

/** Who names RESTART without saying that it accepts discards is older than the word, and does. */
export function endsAtDiscard({ acceptsDiscard, spec }: StoredCall): boolean {
  return acceptsDiscard || spec.routing.midStreamRecovery !== "restart";
}

export const STORED_PREFIX = "s.";
export const EPHEMERAL_PREFIX = "e.";

/** The key of a call holds at this replica only: its store is away, or has answered too late. */
const IDEMPOTENCY_LOCAL: Warning = {
  reason: "IDEMPOTENCY_LOCAL",
  message: "nothing is stored: request_id holds at this replica only, for as long as it runs",
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

const FROM_START: Cursor = { sequence: 0, writer: 0 };

/** Whether what a reader has up to its cursor has output in it. */
function holdsOutput({ sequence }: Cursor, { firstContent, tail }: StoredStream): boolean {
  // What is delivered while the store is away can be ahead of what the store knows.
  return sequence > tail || (firstContent > 0 && sequence >= firstContent);
}

export type StoredGenerations = ReturnType<typeof createStoredGenerations>;

export function createStoredGenerations(dependencies: StoredGenerationDependencies) {
  const { clock, log, local, newId, encodeEvent, onDefect } = dependencies;

  function disconnectPolicy(options: StreamOptions): DisconnectPolicy {
    if (options.onDisconnect !== "grace") return { policy: options.onDisconnect };
    const graceMs = options.disconnectGraceMs ?? log.settings.disconnectGraceMs;
    return { policy: "grace", graceMs };
  }

  function open(
    from: StreamLog,
    streamId: string,
    cursor: Cursor,
    signal: AbortSignal,
    about: Omit<OpenStream, "streamId" | "deliveries" | "terminal"> & {
      readonly kind: StreamFacts["kind"];
      readonly heartbeatMs: number;
      readonly deadline: ReaderDeadline | undefined;
      readonly watch: ReaderWatch | undefined;
    },
  ): OpenStream {
    const { kind, heartbeatMs, deadline, watch, ...rest } = about;
    const isWhole = kind === "unary";
    const reader = from.reader({ streamId, cursor, signal, deadline, heartbeatMs, watch }, isWhole);
    return { streamId, ...rest, deliveries: reader.follow(), terminal: () => reader.terminal };
  }

  /** Goes on reading a stream that exists. */
  function resume(
    stream: StoredStream,
    cursor: Cursor,
    { signal, timeoutMs }: Pick<StoredCall, "signal" | "timeoutMs">,
    watch?: ReaderWatch,
  ): OpenStream {
    const summary = readSummary(stream.progress);
    const { kind, generationId, heartbeatMs } = summary;
    const from = stream.streamId.startsWith(STORED_PREFIX) ? log : local;
    const deadline = deadlineOf(timeoutMs, undefined);
    const about = {
      kind,
      generationId,
      heartbeatMs,
      isReplayed: false,
      endsAtDiscard: summary.endsAtDiscard ?? false,
      holdsOutput: holdsOutput(cursor, stream),
      deadline,
      watch,
    };
    return open(from, stream.streamId, cursor, signal, about);
  }

  /** The stream that an earlier call with the same key has begun, from its first event on. */
  function joinedStream(stream: StoredStream, call: StoredCall): OpenStream {
    return { ...resume(stream, FROM_START, call), isReplayed: true };
  }

  /** The stream of the call's idempotency key, where there is one already. */
  async function join(call: StoredCall): Promise<OpenStream | undefined> {
    const { caller, requestId, fingerprint } = call.identity;
    if (requestId === "") return undefined;
    const found =
      (await log.find(caller, requestId, fingerprint)) ??
      (await local.find(caller, requestId, fingerprint));
    return found === undefined ? undefined : joinedStream(found, call);
  }

  /**
   * Begins a stored stream, or joins the one that its key leads to; undefined: the
   * store is away. Without the store an idempotency key is held by this process.
   */
  async function begin(
    run: GenerationRun,
    call: StoredCall,
    options: StreamOptions,
    kind: StreamFacts["kind"],
  ): Promise<BegunStream | undefined> {
    const begun = await beginIn(log, run, call, options, kind);
    if (begun !== undefined || call.identity.requestId === "") return begun;
    run.result.warn(IDEMPOTENCY_LOCAL);
    const held = await beginIn(local, run, call, { ...options, onDisconnect: "cancel" }, kind);
    if (held !== undefined) return held;
    run.release();
    throw new GatewayError("gateway-overloaded", "no room is left for calls with a request_id");
  }

  /** The run is given back where no stream is fed by it. */
  async function beginIn(
    into: StreamLog,
    run: GenerationRun,
    call: StoredCall,
    options: StreamOptions,
    kind: StreamFacts["kind"],
  ): Promise<BegunStream | undefined> {
    let begun: Awaited<ReturnType<typeof createIn>>;
    try {
      begun = await createIn(into, run, call, options, kind);
    } catch (error) {
      run.release();
      throw error;
    }
    if (begun === undefined) return undefined;
    if ("joined" in begun) {
      run.release();
      return { stream: begun.joined, outcome: undefined };
    }
    const { owned, writer, events, facts, streamId } = begun;
    const encode = createStoredEncoder(encodeEvent, log.settings.maxBytes);
    const sink = storedSink(owned, writer, encode, dependencies);
    const { onEnd } = call;
    const outcome = produce({ run, events, sink, facts, onDefect, onEnd, streamId });
    const about = {
      kind,
      generationId: run.result.generationId,
      heartbeatMs: options.heartbeatMs,
      isReplayed: false,
      endsAtDiscard: endsAtDiscard(call),
      holdsOutput: false,
      // A unary call's deadline ends its generation, which says so itself.
      deadline: kind === "unary" ? undefined : deadlineOf(call.timeoutMs, run.result),
      watch: undefined,
      soFar: () => run.result.soFar(),
    };
    try {
      return { stream: open(into, streamId, FROM_START, call.signal, about), outcome };
    } catch (error) {
      // Nobody reads what it would feed.
      run.abort(internalError(error));
      throw error;
    }
  }

  /** Creates the stream in a store, or finds the one that its key leads to. */
  async function createIn(
    into: StreamLog,
    run: GenerationRun,
    call: StoredCall,
    options: StreamOptions,
    kind: StreamFacts["kind"],
  ) {
    const { identity, spec } = call;
    const { settings, store } = into;
    const { result, target } = run;
    const isLocal = into === local;
    const streamId = `${isLocal ? EPHEMERAL_PREFIX : STORED_PREFIX}${newId()}`;
    const retentionMs = options.retentionMs ?? settings.retentionMs;
    const events = new StreamEvents({
      options,
      clock,
      streamId,
      result,
      target,
      durability: isLocal ? "none" : store.capabilities.durability,
      retentionMs: isLocal ? undefined : retentionMs,
      json: await openJsonStream(options),
      tail: 0,
    });
    const { heartbeatMs } = options;
    const facts: StreamFacts = {
      kind,
      labels: spec.labels,
      heartbeatMs,
      ...(endsAtDiscard(call) && { endsAtDiscard: true }),
    };
    const token = into.newToken();
    // What cannot be resumed has no writer that a cursor could name.
    const writer = isLocal ? 0 : token.nonce;
    const isKept = settings.takeover === "auto" && store.capabilities.durability !== "process";
    const stream: NewStream = {
      streamId,
      token,
      session: into.session,
      caller: identity.caller,
      requestId: identity.requestId,
      fingerprint: identity.fingerprint,
      start: encodeEvent(events.start(), writer),
      request: isKept ? identity.request() : undefined,
      retentionMs,
      totalMs: run.limitMs,
      progress: progressOf(run, facts, undefined, undefined),
    };
    const hooks = {
      disconnect: disconnectPolicy(options),
      stop: run.abort,
      endUnstarted: () => encodeEvent(events.unstarted(), writer),
    };
    const begun = await into.begin(stream, hooks);
    if (begun.state === "unavailable") {
      if (!isLocal && kind === "stream") result.warn(streamUnstored(begun.isLate));
      return undefined;
    }
    if (begun.state === "joined") return { joined: joinedStream(begun.stream, call) };
    return { owned: begun.stream, writer, events, facts, streamId };
  }

  return { disconnectPolicy, resume, join, begin };
}
