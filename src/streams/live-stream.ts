import type { Clock } from "../clock.ts";
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
  /** Set while the reader waits: ends the wait, after `taken` if it is given. */
  #wake: ((taken?: Promise<void>) => void) | undefined;
  #pass: (events: readonly Uint8Array[]) => Promise<void> | undefined = () => undefined;
  #wakeProducer: (() => void) | undefined;

  /** Hands an event to the reader. If a promise is returned, the reader lags and the producer must wait for it. */
  add(event: Uint8Array): Promise<void> | undefined {
    this.#last = event;
    if (this.#wake !== undefined) {
      this.#passOn(event);
      return undefined;
    }
    this.#pending.push(event);
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
    this.#wakeUp();
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
    const wake = (): void => this.#wakeUp();
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
    const pass = (events: readonly Uint8Array[]): Promise<void> | undefined => {
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
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
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

  /** Delivers an event to the waiting reader in the producer's own turn. What goes wrong ends the reading. */
  #passOn(event: Uint8Array): void {
    try {
      const wait = this.#pass([event]);
      if (wait !== undefined) this.#wakeUp(wait);
    } catch (error) {
      this.#wakeUp(Promise.reject(error));
    }
  }

  #wakeUp(taken?: Promise<void>): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(taken);
  }
}
