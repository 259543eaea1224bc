// Stored streams of calls: begun, joined and read.
import type { Clock } from "../clock.ts";
import type { StreamEvent, Warning } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { DisconnectPolicy, StreamOptions } from "../domain/stream-options.ts";
import type { Outcome } from "../output/generation-result.ts";
import { openJsonStream } from "../output/open-json-stream.ts";
import { createStreamEvents } from "../output/stream-events.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { Delivery, ReaderWatch } from "../streams/stream-reader.ts";
import type { NewStream } from "../streams/stream-record.ts";
import type { Cursor, StoredStream } from "../streams/stream-store.ts";
import type { GenerationRun } from "./generation-run.ts";
import { type AddEvent, produceStored } from "./produce-stream.ts";
import { progressOf, readSummary, type StreamFacts } from "./stream-summary.ts";

export interface StoredGenerationDependencies {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** In the memory of this process: idempotency keys while the store is away. */
  readonly local: StreamLog;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
  /** An event as it is sent and stored; `writer` 0 where it is not stored. */
  readonly encodeEvent: (event: StreamEvent, writer: number) => Uint8Array;
}

/** Whose call it is, and what makes it the same call when it comes again. */
export interface CallIdentity {
  readonly caller: string;
  /** Idempotency key; "" without one. */
  readonly requestId: string;
  /** What the call asks for, as a hash; "" without a key. */
  readonly fingerprint: string;
  /** The request as another replica could run it. */
  readonly request: () => Uint8Array;
}

/** A stream as one call reads it. */
export interface OpenStream {
  readonly streamId: string;
  readonly generationId: string;
  /** An earlier call with the same idempotency key has begun it. */
  readonly isReplayed: boolean;
  /** Throws `GatewayError` where it breaks off. */
  readonly deliveries: AsyncIterable<Delivery>;
  /** The last event, once `deliveries` has ended by itself. */
  terminal(): Uint8Array | undefined;
}

/** A call as a stored stream needs it. */
export interface StoredCall {
  readonly spec: GenerationSpec;
  readonly signal: AbortSignal;
  readonly identity: CallIdentity;
}

/** A stored stream, and how it ends where this call has begun it. */
export interface BegunStream {
  readonly stream: OpenStream;
  readonly outcome: Promise<Outcome> | undefined;
}

export const STORED_PREFIX = "s.";
export const EPHEMERAL_PREFIX = "e.";

/** The key of a call holds at this replica only: its store is away. */
const IDEMPOTENCY_LOCAL: Warning = {
  reason: "IDEMPOTENCY_LOCAL",
  message:
    "the stream store is away: request_id holds at this replica only, for as long as it runs",
  field: "request_id",
};

const FROM_START: Cursor = { sequence: 0, writer: 0 };

export type StoredGenerations = ReturnType<typeof createStoredGenerations>;

export function createStoredGenerations(dependencies: StoredGenerationDependencies) {
  const { clock, log, local, newId, encodeEvent } = dependencies;

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
    about: Pick<OpenStream, "generationId" | "isReplayed"> & {
      readonly kind: StreamFacts["kind"];
      readonly heartbeatMs: number;
      readonly watch: ReaderWatch | undefined;
    },
  ): OpenStream {
    const { kind, heartbeatMs, watch, ...rest } = about;
    const isWhole = kind === "unary";
    const reader = from.reader({ streamId, cursor, signal, heartbeatMs, watch }, isWhole);
    return { streamId, ...rest, deliveries: reader.follow(), terminal: () => reader.terminal };
  }

  /** Goes on reading a stream that exists. */
  function resume(
    stream: StoredStream,
    cursor: Cursor,
    signal: AbortSignal,
    watch?: ReaderWatch,
  ): OpenStream {
    const { kind, generationId, heartbeatMs } = readSummary(stream.progress);
    const from = stream.streamId.startsWith(STORED_PREFIX) ? log : local;
    const about = { kind, generationId, heartbeatMs, isReplayed: false, watch };
    return open(from, stream.streamId, cursor, signal, about);
  }

  /** The stream that an earlier call with the same key has begun, from its first event on. */
  function joinedStream(stream: StoredStream, signal: AbortSignal): OpenStream {
    return { ...resume(stream, FROM_START, signal), isReplayed: true };
  }

  /** The stream of the call's idempotency key, where there is one already. */
  async function join({ identity, signal }: StoredCall): Promise<OpenStream | undefined> {
    const { caller, requestId, fingerprint } = identity;
    if (requestId === "") return undefined;
    const found =
      (await log.find(caller, requestId, fingerprint)) ??
      (await local.find(caller, requestId, fingerprint));
    return found === undefined ? undefined : joinedStream(found, signal);
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
    try {
      const begun = await beginIn(log, run, call, options, kind);
      if (begun !== undefined || call.identity.requestId === "") return begun;
      run.result.warn(IDEMPOTENCY_LOCAL);
      return await beginIn(local, run, call, { ...options, onDisconnect: "cancel" }, kind);
    } catch (error) {
      run.release();
      throw error;
    }
  }

  async function beginIn(
    into: StreamLog,
    run: GenerationRun,
    call: StoredCall,
    options: StreamOptions,
    kind: StreamFacts["kind"],
  ): Promise<BegunStream | undefined> {
    const { identity, spec, signal } = call;
    const { settings, store } = into;
    const { result, target } = run;
    const isLocal = into === local;
    const streamId = `${isLocal ? EPHEMERAL_PREFIX : STORED_PREFIX}${newId()}`;
    const retentionMs = options.retentionMs ?? settings.retentionMs;
    const events = createStreamEvents({
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
    const facts = { kind, labels: spec.labels, heartbeatMs };
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
    if (begun.state === "unavailable") return undefined;
    if (begun.state === "joined") {
      const joined = joinedStream(begun.stream, signal);
      run.release();
      return { stream: joined, outcome: undefined };
    }
    const { stream: owned } = begun;
    const add: AddEvent = (event, more) => owned.add(encodeWithin(event, writer), more);
    const outcome = produceStored(owned, run, events, facts, add);
    const about = {
      kind,
      generationId: result.generationId,
      heartbeatMs,
      isReplayed: false,
      watch: undefined,
    };
    return { stream: open(into, streamId, FROM_START, signal, about), outcome };
  }

  /** An event as it is stored: a result that is too long for the store goes without its message. */
  function encodeWithin(event: StreamEvent, writer: number): Uint8Array {
    const bytes = encodeEvent(event, writer);
    const { body } = event;
    if (body.type !== "complete" || bytes.length <= log.settings.maxBytes) return bytes;
    return encodeEvent({ ...event, body: { ...body, message: "omitted" } }, writer);
  }

  return { disconnectPolicy, resume, join, begin };
}
