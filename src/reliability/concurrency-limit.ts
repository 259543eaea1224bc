import type { Clock } from "../clock.ts";
import type { LimitSettings } from "../domain/limit-settings.ts";
import { CallerQueue, type CallerShare, loadOf, type Waiter } from "./caller-queue.ts";

/** A call waits in a queue for at most this share of its remaining time. */
const QUEUE_SHARE = 0.25;

/**
 * Bounds the calls that run at a time, and the queue of those that wait. Callers share both. No caller takes a
 * place while it holds more than its share of the free ones. A place that is given back goes to the caller that
 * holds least. A full queue turns away calls of the caller that has most.
 */
export class ConcurrencyLimit {
  readonly #clock: Clock;
  readonly #settings: () => LimitSettings;
  /** Callers with calls that run or wait. */
  readonly #shares = new Map<string, CallerShare>();
  readonly #queue = new CallerQueue();
  #inFlight = 0;

  constructor(clock: Clock, settings: () => LimitSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Callers with calls that run or wait: of the others nothing is kept. */
  get callers(): number {
    return this.#shares.size;
  }

  /** Places are free, and the caller holds too many to take one. */
  isReserved(caller: string): boolean {
    return this.isFull(caller) && this.#inFlight < this.#settings().maxInFlight;
  }

  /** No call of the caller can enter at once. */
  isFull(caller: string): boolean {
    const share = this.#shares.get(caller);
    if (share === undefined) return this.#inFlight >= this.#settings().maxInFlight;
    return !this.#mayTake(share);
  }

  /** Takes a place if there is one for the caller; the result gives it back. */
  tryEnter(caller: string): CallerShare | undefined {
    // A reload may have raised the limit.
    if (this.#queue.length > 0) this.#serve();
    const share = this.#shares.get(caller) ?? { caller, held: 0, waiting: [] };
    if (!this.#mayTake(share)) return undefined;
    this.#shares.set(caller, share);
    this.#take(share);
    return share;
  }

  /**
   * Waits for a place, for `queueWaitMs` and for a share of the call's `remainingMs` at most; undefined if the queue is full or the wait is over. Rejects on abort.
   */
  async enter(
    caller: string,
    remainingMs: number,
    signal: AbortSignal,
  ): Promise<CallerShare | undefined> {
    const entered = this.tryEnter(caller);
    if (entered !== undefined) return entered;
    signal.throwIfAborted();
    const share = this.#shares.get(caller) ?? { caller, held: 0, waiting: [] };
    if (!this.#freeQueuePlace(share)) return undefined;
    this.#shares.set(caller, share);
    const waitMs = Math.min(this.#settings().queueWaitMs, remainingMs * QUEUE_SHARE);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        this.#queue.remove(share, waiter);
        this.#forget(share);
        signal.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        leave();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        enter: () => {
          this.#take(share);
          leave();
          resolve(share);
        },
        turnAway: () => {
          leave();
          resolve(undefined);
        },
      };
      const cancel = this.#clock.schedule(waitMs, waiter.turnAway);
      this.#queue.add(share, waiter);
      signal.addEventListener("abort", abort);
    });
  }

  /** Gives a place back. */
  leave(share: CallerShare): void {
    this.#inFlight--;
    share.held--;
    if (this.#queue.length > 0) this.#serve();
    this.#forget(share);
  }

  #take(share: CallerShare): void {
    this.#inFlight++;
    share.held++;
  }

  /**
   * A caller that is alone may hold `callerShare` of the places. Each further caller that wants as many lowers
   * the part of all. Some places always stay free for the next caller.
   */
  #mayTake({ held }: CallerShare): boolean {
    const { maxInFlight, callerShare } = this.#settings();
    const free = maxInFlight - this.#inFlight;
    return free > 0 && held * (1 - callerShare) < free * callerShare;
  }

  /** Hands out the free places. If any caller may take one, the caller that holds least may. */
  #serve(): void {
    for (;;) {
      const share = this.#queue.next();
      if (share === undefined || !this.#mayTake(share)) return;
      share.waiting[0]?.enter();
      this.#queue.served(share);
    }
  }

  /** A full queue turns away the newest call of the caller that has most, unless that is this one. */
  #freeQueuePlace(share: CallerShare): boolean {
    if (this.#queue.length < this.#settings().queueLength) return true;
    const heaviest = this.#queue.heaviest();
    // With one more call this caller would have as many as the heaviest.
    if (heaviest === undefined || loadOf(heaviest) <= loadOf(share) + 1) return false;
    heaviest.waiting.at(-1)?.turnAway();
    return this.#queue.length < this.#settings().queueLength;
  }

  #forget(share: CallerShare): void {
    if (share.held === 0 && share.waiting.length === 0) this.#shares.delete(share.caller);
  }
}
