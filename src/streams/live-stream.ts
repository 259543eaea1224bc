import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";

/** Events a reader may lag behind before the producer is held back. */
const MAX_PENDING_EVENTS = 64;

export interface FollowOptions<Event> {
  readonly clock: Clock;
  /** Longest silence before a heartbeat; 0 for none. */
  readonly heartbeatMs: number;
  readonly heartbeat: () => Event;
  /** Ends the wait of a reader that is gone. */
  readonly signal: AbortSignal;
  /** The reader has left, at the end or before it; it is awaited. */
  readonly onLeave: () => Promise<void>;
}

/**
 * A stream that is not stored: one producer, one reader, a bounded number of
 * events between them. Nothing outlives the reader.
 */
export class LiveStream<Event> {
  #pending: Event[] = [];
  #ended = false;
  #wakeReader: (() => void) | undefined;
  #wakeProducer: (() => void) | undefined;

  /** Hands an event to the reader; a promise means: wait, the reader lags. */
  append(event: Event): Promise<void> | undefined {
    this.#pending.push(event);
    this.#wakeReader?.();
    if (this.#pending.length < MAX_PENDING_EVENTS || this.#ended) return undefined;
    return new Promise((resolve) => {
      this.#wakeProducer = resolve;
    });
  }

  /** No event follows. */
  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
    this.#wakeProducer?.();
  }

  /** Throws `GatewayError` cancelled when the signal ends it early. */
  async *follow(options: FollowOptions<Event>): AsyncGenerator<Event> {
    const { clock, heartbeatMs, signal } = options;
    const wake = (): void => this.#wakeReader?.();
    signal.addEventListener("abort", wake, { once: true });
    let beatDue = false;
    let lastDelivery = clock.now();
    let cancelBeat = (): void => {};
    const watchSilence = (afterMs: number): void => {
      cancelBeat = clock.schedule(afterMs, () => {
        const silentMs = clock.now() - lastDelivery;
        if (silentMs < heartbeatMs) return watchSilence(heartbeatMs - silentMs);
        beatDue = true;
        watchSilence(heartbeatMs);
        wake();
      });
    };
    if (heartbeatMs > 0) watchSilence(heartbeatMs);
    try {
      while (!signal.aborted) {
        const batch = this.#pending;
        if (batch.length > 0) {
          this.#pending = [];
          for (const event of batch) yield event;
          this.#wakeProducer?.();
          this.#wakeProducer = undefined;
          lastDelivery = clock.now();
          beatDue = false;
        } else if (this.#ended) return;
        else if (beatDue) {
          beatDue = false;
          yield options.heartbeat();
          lastDelivery = clock.now();
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
          this.#wakeReader = undefined;
        }
      }
      throw new GatewayError("cancelled", "the reader left before the end of the stream");
    } finally {
      cancelBeat();
      signal.removeEventListener("abort", wake);
      this.end();
      await options.onLeave();
    }
  }
}
