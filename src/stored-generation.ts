// Stored streams of calls: begun, joined and read.
import type { Clock } from "./clock.ts";
import type { StreamEvent } from "./domain/generation.ts";
import type { GenerationSpec } from "./domain/generation-spec.ts";
import type { DisconnectPolicy, StreamOptions } from "./domain/stream-options.ts";
import type { GenerationRun } from "./generation-run.ts";
import type { Outcome } from "./output/generation-result.ts";
import { createStreamEvents } from "./output/stream-events.ts";
import { type AddEvent, produce, produceWhole } from "./produce-stream.ts";
import { progressOf, readSummary, type StreamFacts } from "./stream-summary.ts";
import type { StreamLog } from "./streams/stream-log.ts";
import type { Delivery } from "./streams/stream-reader.ts";
import type { NewStream } from "./streams/stream-record.ts";
import type { Cursor, StoredStream } from "./streams/stream-store.ts";

export interface StoredGenerationDependencies {
  readonly clock: Clock;
  readonly log: StreamLog;
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
  /** It existed before this call. */
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

export type StoredGenerations = ReturnType<typeof createStoredGenerations>;

export function createStoredGenerations(dependencies: StoredGenerationDependencies) {
  const { clock, log, newId, encodeEvent } = dependencies;

  function disconnectPolicy(options: StreamOptions): DisconnectPolicy {
    if (options.onDisconnect !== "grace") return { policy: options.onDisconnect };
    const graceMs = options.disconnectGraceMs ?? log.settings.disconnectGraceMs;
    return { policy: "grace", graceMs };
  }

  /** A reader of a stored stream; whatever it throws, it is not present any more afterwards. */
  function open(
    streamId: string,
    cursor: Cursor,
    signal: AbortSignal,
    heartbeatMs: number,
    about: { readonly generationId: string; readonly isReplayed: boolean },
  ): OpenStream {
    const { reader, leave } = log.reader({ streamId, cursor, signal, heartbeatMs });
    async function* deliveries(): AsyncGenerator<Delivery, void> {
      try {
        yield* reader.follow();
      } finally {
        leave();
      }
    }
    return { streamId, ...about, deliveries: deliveries(), terminal: () => reader.terminal };
  }

  function join(stream: StoredStream, signal: AbortSignal): OpenStream {
    const { generationId, heartbeatMs } = readSummary(stream.progress);
    const start = { sequence: 0, writer: 0 };
    const about = { generationId, isReplayed: true };
    return open(stream.streamId, start, signal, heartbeatMs, about);
  }

  /** The stream of the call's idempotency key, where there is one already. */
  async function known({ identity }: StoredCall): Promise<StoredStream | undefined> {
    const { caller, requestId, fingerprint } = identity;
    return requestId === "" ? undefined : log.find(caller, requestId, fingerprint);
  }

  /** Begins a stored stream; undefined: it must go without the store. */
  async function begin(
    run: GenerationRun,
    call: StoredCall,
    options: StreamOptions,
    kind: StreamFacts["kind"],
  ): Promise<BegunStream | undefined> {
    const { identity, spec } = call;
    const { settings, store } = log;
    const { result, target } = run;
    const streamId = `${STORED_PREFIX}${newId()}`;
    const retentionMs = options.retentionMs ?? settings.retentionMs;
    const { durability } = store.capabilities;
    const events = createStreamEvents({
      options,
      clock,
      streamId,
      result,
      target,
      durability,
      retentionMs,
      tail: 0,
    });
    const facts = { kind, labels: spec.labels, heartbeatMs: options.heartbeatMs };
    const token = log.newToken();
    const isKept = settings.takeover === "auto" && store.capabilities.durability !== "process";
    const stream: NewStream = {
      streamId,
      token,
      session: log.session,
      caller: identity.caller,
      requestId: identity.requestId,
      fingerprint: identity.fingerprint,
      start: encodeEvent(events.start(), token.nonce),
      request: isKept ? identity.request() : undefined,
      retentionMs,
      totalMs: run.limitMs,
      progress: progressOf(run, facts, undefined, undefined),
    };
    const begun = await log.begin(stream, {
      disconnect: disconnectPolicy(options),
      stop: (error) => run.abort(error),
    });
    if (begun.state === "unavailable") return undefined;
    if (begun.state === "joined") {
      run.release();
      return { stream: join(begun.stream, call.signal), outcome: undefined };
    }
    const { stream: owned } = begun;
    const add: AddEvent = (event, more) => owned.add(encodeWithin(event, token.nonce), more);
    const outcome = (kind === "unary" ? produceWhole : produce)(run, events, facts, add);
    const about = { generationId: result.generationId, isReplayed: false };
    const start = { sequence: 0, writer: 0 };
    return { stream: open(streamId, start, call.signal, options.heartbeatMs, about), outcome };
  }

  /** An event as it is stored: a result that is too long for the store goes without its message. */
  function encodeWithin(event: StreamEvent, writer: number): Uint8Array {
    const bytes = encodeEvent(event, writer);
    const { body } = event;
    if (body.type !== "complete" || bytes.length <= log.settings.maxBytes) return bytes;
    return encodeEvent({ ...event, body: { ...body, message: "omitted" } }, writer);
  }

  return { disconnectPolicy, open, join, known, begin };
}
