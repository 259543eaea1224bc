import type { Clock } from "../clock.ts";
import type { StreamDelivery } from "../ports/gateway.ts";
import { readerLeft } from "./stream-errors.ts";

/** Number of events that a reader may lag behind before the producer must wait. */
const MAX_PENDING_EVENTS = 64;

export interface FollowOptions {
  readonly clock: Clock;
  /** Longest silence before a heartbeat, in milliseconds; 0: no heartbeats. */
  readonly heartbeatMs: number;
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** Called and awaited when the reader has left, at the end or before it. */
  readonly onLeave: () => Promise<void>;
}

/**
 * A stream that is not stored: one producer, one reader, and a bounded number of encoded events between them. The
 * stream ends with its reader.
 */
export class LiveStream {
  #pending: Uint8Array[] = [];
  #sequence = 0;
  #last: Uint8Array | undefined;
  #ended = false;
  #wakeReader: (() => void) | undefined;
  #wakeProducer: (() => void) | undefined;

  /** Hands an event to the reader. If a promise is returned, the reader lags and the producer must wait for it. */
  add(event: Uint8Array): Promise<void> | undefined {
    this.#pending.push(event);
    this.#last = event;
    this.#wakeReader?.();
    if (this.#pending.length < MAX_PENDING_EVENTS || this.#ended) return undefined;
    return new Promise((resolve) => {
      this.#wakeProducer = resolve;
    });
  }

  /** Sequence of the last event added. */
  get tail(): number {
    return this.#sequence + this.#pending.length;
  }

  /** Marks the end: no event follows. */
  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
    this.#wakeProducer?.();
  }

  /** The last event. Valid only after `follow` has ended normally. */
  get terminal(): Uint8Array | undefined {
    return this.#last;
  }

  /** Throws `GatewayError` cancelled if the signal aborts before the end. */
  async *follow(options: FollowOptions): AsyncGenerator<StreamDelivery, void> {
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
        const events = this.#pending;
        if (events.length > 0) {
          this.#pending = [];
          this.#sequence += events.length;
          yield { type: "events", events };
          this.#wakeProducer?.();
          this.#wakeProducer = undefined;
          lastDelivery = clock.now();
          beatDue = false;
        } else if (this.#ended) return;
        else if (beatDue) {
          beatDue = false;
          yield { type: "heartbeat", sequence: this.#sequence, isUndurable: false };
          lastDelivery = clock.now();
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
          this.#wakeReader = undefined;
        }
      }
      throw readerLeft();
    } finally {
      cancelBeat();
      signal.removeEventListener("abort", wake);
      this.end();
      await options.onLeave();
    }
  }
}
