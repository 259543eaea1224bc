// The client's half of a resumable stream: docs/resuming.md. No transport, no timer of its own.
import type { AttemptNotice, StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { MAX_TRIES, waitBefore } from "./is-repeatable.ts";
import type { Runtime } from "./runtime.ts";
import { Code, errorOfAbort, errorOfEvent, SteerError, type StreamCursor } from "./steer-error.ts";

/** How long a call may take to end by itself after its last event. */
const END_MS = 1_000;

/** Repeating the call cannot change these. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  Code.INVALID_ARGUMENT,
  Code.UNAUTHENTICATED,
  Code.PERMISSION_DENIED,
  Code.UNIMPLEMENTED,
  Code.NOT_FOUND,
  Code.OUT_OF_RANGE,
  Code.DATA_LOSS,
  Code.FAILED_PRECONDITION,
  Code.ALREADY_EXISTS,
]);

/** The two calls that deliver a stream. They throw `SteerError`, and end when the signal does. */
export interface StreamCalls {
  /** StreamGenerate, always with the same request. */
  open(signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** ResumeStream. */
  resume(cursor: StreamCursor, signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** The request has a `request_id`: a second `open` joins the stream of the first. */
  readonly isRepeatable: boolean;
}

/** A delivery broke off, and the reader is about to go on. */
export interface Reconnect extends StreamCursor {
  /** How often it has tried since the last new event. */
  readonly tries: number;
  readonly waitMs: number;
  readonly cause: SteerError;
}

export interface ReadOptions {
  readonly runtime: Runtime;
  /** Ends everything. */
  readonly signal?: AbortSignal | undefined;
  /** Not a word for so long, heartbeats included, and the connection is given up. 0: never. */
  readonly silenceMs: number;
  readonly onReconnect?: ((reconnect: Reconnect) => void) | undefined;
  /** All output handed on so far is void. Called right before its notice is handed on. */
  readonly onDiscard?: ((notice: AttemptNotice) => void) | undefined;
  /** The store went away or came back: while it is away, events cannot be resumed for certain. */
  readonly onDurability?: ((isDurable: boolean) => void) | undefined;
}

interface Reading {
  cursor: StreamCursor;
  isResumable: boolean;
  isDurable: boolean;
  /** Failures since the last new event. */
  tries: number;
  hasProgress: boolean;
}

/** One call: its signal, and a watch that ends it when it falls silent. */
class Delivery {
  readonly #controller = new AbortController();
  readonly #stops: (() => void)[] = [];
  /** When the reader began to wait; undefined while it does not. */
  #waitsSince: number | undefined;
  /** Why the reader has given this call up. */
  givenUp: SteerError | undefined;

  constructor(signal: AbortSignal | undefined) {
    const stop = (): void => this.#controller.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    this.#stops.push(() => signal?.removeEventListener("abort", stop));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async next(events: AsyncIterator<StreamEvent>, runtime: Runtime) {
    this.#waitsSince = runtime.now();
    try {
      return await events.next();
    } finally {
      this.#waitsSince = undefined;
    }
  }

  async watchSilence(silenceMs: number, runtime: Runtime): Promise<void> {
    while (!this.signal.aborted) {
      const waitedMs = this.#waitsSince === undefined ? 0 : runtime.now() - this.#waitsSince;
      if (waitedMs >= silenceMs) {
        return this.giveUp("SILENCE", `no event and no heartbeat for ${silenceMs} ms`);
      }
      await runtime.sleep(silenceMs - waitedMs, this.signal).catch(() => {});
    }
  }

  giveUp(reason: string, message: string): void {
    this.givenUp = new SteerError({ code: Code.UNAVAILABLE, reason, message });
    this.close();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#controller.abort();
  }
}

/** Reads one call. Returns why it broke off; undefined: the stream has ended well. */
async function* deliver(
  reading: Reading,
  calls: StreamCalls,
  options: ReadOptions,
): AsyncGenerator<StreamEvent, SteerError | undefined> {
  const { runtime, silenceMs, signal } = options;
  const delivery = new Delivery(signal);
  const isOpening = reading.cursor.streamId === "";
  let events: AsyncIterator<StreamEvent> | undefined;
  try {
    const call = isOpening
      ? calls.open(delivery.signal)
      : calls.resume(reading.cursor, delivery.signal);
    events = call[Symbol.asyncIterator]();
    if (silenceMs > 0) void delivery.watchSilence(silenceMs, runtime);
    for (;;) {
      const next = await delivery.next(events, runtime);
      if (next.done === true) break;
      const { sequence, writer, event } = next.value;
      if (event.case === "heartbeat") {
        const isDurable = !event.value.undurable;
        if (isDurable !== reading.isDurable) options.onDurability?.(isDurable);
        reading.isDurable = isDurable;
        continue;
      }
      if (sequence <= reading.cursor.sequence) continue;
      if (sequence !== reading.cursor.sequence + 1) {
        const message = `event ${sequence} follows ${reading.cursor.sequence}`;
        delivery.giveUp("SEQUENCE_GAP", message);
        return delivery.givenUp;
      }
      let { streamId } = reading.cursor;
      if (event.case === "start") {
        streamId = event.value.streamId;
        reading.isResumable = event.value.resumable;
      }
      reading.cursor = { streamId, sequence, writer };
      reading.tries = 0;
      reading.hasProgress = true;
      if (event.case === "complete" || event.case === "error") {
        // Leaving at once would look like a cancel to the service.
        const ended = delivery.next(events, runtime).catch(() => {});
        await Promise.race([ended, runtime.sleep(END_MS, delivery.signal).catch(() => {})]);
        yield next.value;
        if (event.case === "complete") return undefined;
        throw errorOfEvent(event.value.error).at(reading.cursor);
      }
      if (event.case === "attemptNotice" && event.value.discardOutput) {
        options.onDiscard?.(event.value);
      }
      yield next.value;
    }
  } catch (error) {
    if (delivery.givenUp !== undefined) return delivery.givenUp;
    // An error with a cursor is the stream's own; what is no `SteerError` is a defect.
    if (!(error instanceof SteerError) || error.cursor !== undefined) throw error;
    return error;
  } finally {
    delivery.close();
    // Not awaited: an iterator that still waits would hold the reader.
    void events?.return?.()?.catch(() => {});
  }
  // The cursor came from elsewhere and is already at the end of a stream that has succeeded.
  if (!isOpening && !reading.hasProgress) return undefined;
  const message = "the call ended before the stream did";
  return new SteerError({ code: Code.UNAVAILABLE, reason: "STREAM_CUT", message });
}

/** Why the reader must stop; undefined: it goes on. */
function verdict(reading: Reading, calls: StreamCalls, cause: SteerError): SteerError | undefined {
  const { cursor, isResumable, tries } = reading;
  const isForbidden = cause.pushbackMs !== undefined && cause.pushbackMs < 0;
  if (FINAL_CODES.has(cause.code) || cause.detail?.retryable === false || isForbidden) return cause;
  // Without a `request_id` a second call is a second generation, unless nothing was executed.
  const isSafe =
    cursor.streamId === "" ? calls.isRepeatable || cause.pushbackMs !== undefined : isResumable;
  if (!isSafe) {
    const message = `the stream broke off and cannot be resumed: ${cause.message}`;
    const reason = "STREAM_NOT_RESUMABLE";
    return new SteerError({ code: Code.FAILED_PRECONDITION, reason, message, cause });
  }
  return tries >= MAX_TRIES ? cause : undefined;
}

/**
 * The events of a stream, each once and in order, over as many calls as it takes. Ends after
 * `complete`; throws `SteerError` after `error`, when it cannot go on, or when the signal is aborted. Leaving
 * the loop ends the call.
 */
export async function* readStream(
  calls: StreamCalls,
  options: ReadOptions,
  from: StreamCursor = { streamId: "", sequence: 0, writer: 0 },
): AsyncGenerator<StreamEvent, void> {
  const { runtime, signal, onReconnect } = options;
  const reading: Reading = {
    cursor: from,
    isResumable: true,
    isDurable: true,
    tries: 0,
    hasProgress: false,
  };
  const throwIfAborted = (): void => {
    if (signal?.aborted) throw errorOfAbort(signal).at(reading.cursor);
  };
  for (;;) {
    throwIfAborted();
    const cause = yield* deliver(reading, calls, options);
    if (cause === undefined) return;
    throwIfAborted();
    const final = verdict(reading, calls, cause);
    if (final !== undefined) throw final.at(reading.cursor);
    reading.tries++;
    const waitMs = waitBefore(cause, reading.tries, runtime.random());
    onReconnect?.({ ...reading.cursor, tries: reading.tries, waitMs, cause });
    try {
      await runtime.sleep(waitMs, signal ?? new AbortController().signal);
    } catch (error) {
      throwIfAborted();
      throw error;
    }
  }
}
