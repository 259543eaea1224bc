// The client's side of a resumable stream: docs/resuming.md. Without a transport or a timer.
import type { AttemptNotice, StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { MAX_TRIES, waitBefore } from "./is-repeatable.ts";
import type { Runtime } from "./runtime.ts";
import { Code, errorOfAbort, errorOfEvent, SteerError, type StreamCursor } from "./steer-error.ts";

/** Time for a call to end by itself after its last event. */
const END_MS = 1_000;

/** Codes that a repetition cannot change. */
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

/** The two calls that deliver a stream. They throw `SteerError`, and end when the signal is aborted. */
export interface StreamCalls {
  /** StreamGenerate, always with the same request. */
  open(signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** ResumeStream. */
  resume(cursor: StreamCursor, signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** The request has a `request_id`, so a second `open` joins the stream of the first. */
  readonly isRepeatable: boolean;
}

/** A delivery broke off, and the reader is about to resume. */
export interface Reconnect extends StreamCursor {
  /** Number of tries since the last new event. */
  readonly tries: number;
  readonly waitMs: number;
  readonly cause: SteerError;
}

export interface ReadOptions {
  readonly runtime: Runtime;
  /** Ends everything. */
  readonly signal?: AbortSignal | undefined;
  /** Longest silence in milliseconds, heartbeats included, before the connection is given up. 0: no limit. */
  readonly silenceMs: number;
  readonly onReconnect?: ((reconnect: Reconnect) => void) | undefined;
  /** Called right before a notice that voids all output so far is returned. */
  readonly onDiscard?: ((notice: AttemptNotice) => void) | undefined;
  /** Called when the store went away or came back. While it is away, events may not be resumable. */
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

/** One call: its signal, and a watch that ends it after too long a silence. */
class Delivery {
  readonly #controller = new AbortController();
  readonly #stops: (() => void)[] = [];
  /** Start of the reader's current wait; undefined while it does not wait. */
  #waitsSince: number | undefined;
  /** The error with which the reader gave the call up. */
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

/** Reads one call. Returns the error that broke it; undefined: the stream succeeded. */
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
    // An error with a cursor is the stream's own. Any other error that is not a `SteerError` is a defect.
    if (!(error instanceof SteerError) || error.cursor !== undefined) throw error;
    return error;
  } finally {
    delivery.close();
    // Not awaited, because an iterator that still waits would block the reader.
    void events?.return?.()?.catch(() => {});
  }
  // The given cursor was already at the end of a successful stream.
  if (!isOpening && !reading.hasProgress) return undefined;
  const message = "the call ended before the stream did";
  return new SteerError({ code: Code.UNAVAILABLE, reason: "STREAM_CUT", message });
}

/** The error with which the reader must stop; undefined: it continues. */
function verdict(reading: Reading, calls: StreamCalls, cause: SteerError): SteerError | undefined {
  const { cursor, isResumable, tries } = reading;
  const isForbidden = cause.pushbackMs !== undefined && cause.pushbackMs < 0;
  if (FINAL_CODES.has(cause.code) || cause.detail?.retryable === false || isForbidden) return cause;
  // Without a `request_id`, a second call starts a second generation, unless nothing was executed.
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
 * The events of a stream, each once and in order, over as many calls as necessary. Ends after `complete`. Throws
 * `SteerError` after `error`, if it cannot resume, or if the signal is aborted. Leaving the loop ends the call.
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
