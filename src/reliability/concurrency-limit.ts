import type { Clock } from "../clock.ts";
import type { LimitSettings } from "./settings.ts";

interface Waiter {
  readonly enter: () => void;
}

/** So many calls at a time, and a bounded queue of those that wait, first come first served. */
export class ConcurrencyLimit {
  readonly #clock: Clock;
  readonly #settings: () => LimitSettings;
  readonly #waiting = new Set<Waiter>();
  #inFlight = 0;

  constructor(clock: Clock, settings: () => LimitSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** Takes a slot if there is one and nobody waits for it. */
  tryEnter(): boolean {
    if (this.#inFlight >= this.#settings().maxInFlight || this.#waiting.size > 0) return false;
    this.#inFlight++;
    return true;
  }

  /** Waits for a slot; false when the queue is full or the time is over. Rejects on abort. */
  async enter(waitMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.tryEnter()) return true;
    if (this.#waiting.size >= this.#settings().queueLength) return false;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        leave();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        enter: () => {
          leave();
          this.#inFlight++;
          resolve(true);
        },
      };
      const cancel = this.#clock.schedule(waitMs, () => {
        leave();
        resolve(false);
      });
      this.#waiting.add(waiter);
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  /** Gives a slot back. */
  leave(): void {
    this.#inFlight--;
    const { maxInFlight } = this.#settings();
    for (const waiter of this.#waiting) {
      if (this.#inFlight >= maxInFlight) return;
      waiter.enter();
    }
  }
}
