import type { Clock } from "../clock.ts";
import { InputWait } from "../domain/input-wait.ts";
import { PushIterable, type Take } from "../domain/push-iterable.ts";
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
  /** Sequence of the last event that the reader was given. */
  #sequence = 0;
  #last: Uint8Array | undefined;
  #ended = false;
  /** The reader's wait for an event. */
  readonly #wait = new InputWait();
  #pass: Take<readonly Uint8Array[]> = () => undefined;
  #wakeProducer: (() => void) | undefined;

  /** Hands an event to the reader. If a promise is returned, the reader lags and the producer must wait for it. */
  add(event: Uint8Array): Promise<void> | undefined {
    this.#last = event;
    if (this.#wait.isWaiting) {
      this.#wait.handOn(this.#pass, [event]);
      return undefined;
    }
    this.#pending.push(event);
    this.#wait.end();
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
    this.#wait.end();
    this.#wakeProducer?.();
  }

  /** The last event. Valid only after `follow` has ended normally. */
  get terminal(): Uint8Array | undefined {
    return this.#last;
  }

  /** Throws `GatewayError` cancelled if the signal aborts before the end. */
  follow(options: FollowOptions): PushIterable<StreamDelivery> {
    return new PushIterable((take) => this.#follow(options, take));
  }

  async #follow(options: FollowOptions, take: Take<StreamDelivery>): Promise<void> {
    const { clock, heartbeatMs, signal } = options;
    const wake = (): void => this.#wait.end();
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
    const taken = (): void => {
      this.#wakeProducer?.();
      this.#wakeProducer = undefined;
      lastDelivery = clock.now();
      beatDue = false;
    };
    const pass: Take<readonly Uint8Array[]> = (events) => {
      this.#sequence += events.length;
      const wait = take({ type: "events", events });
      if (wait !== undefined) return wait.then(taken);
      taken();
      return undefined;
    };
    this.#pass = pass;
    try {
      while (!signal.aborted) {
        const events = this.#pending;
        if (events.length > 0) {
          this.#pending = [];
          await pass(events);
        } else if (this.#ended) return;
        else if (beatDue) {
          beatDue = false;
          await take({ type: "heartbeat", sequence: this.#sequence, isUndurable: false });
          lastDelivery = clock.now();
        } else {
          await this.#wait.begin();
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
