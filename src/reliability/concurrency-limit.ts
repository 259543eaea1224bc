import type { Clock } from "../clock.ts";
import type { LimitSettings } from "../domain/limit-settings.ts";
import { CallerQueue, type CallerShare, loadOf, type Waiter } from "./caller-queue.ts";
import type { PlaceLease, PlaceLoad } from "./place-lease.ts";

/** Largest share of a call's remaining time that the call waits in a queue. */
const QUEUE_SHARE = 0.25;

/**
 * Bounds the running calls and the queue of waiting ones. Callers share both. No caller takes a place while it holds
 * more than its share of the free ones. A returned place goes to the caller with the fewest places. A full queue
 * rejects calls of the caller with the most.
 */
export class ConcurrencyLimit {
  readonly #clock: Clock;
  readonly #settings: () => LimitSettings;
  /** Callers with calls that run or wait. */
  readonly #shares = new Map<string, CallerShare>();
  readonly #queue = new CallerQueue();
  #inFlight = 0;
  readonly #lease: PlaceLease | undefined;

  /** `lease`: the places are shared with other workers; undefined: all are here. */
  constructor(clock: Clock, settings: () => LimitSettings, lease?: PlaceLease) {
    this.#clock = clock;
    this.#settings = settings;
    this.#lease = lease;
    lease?.onMore(() => this.#serve());
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Number of callers with running or waiting calls. No state is kept for other callers. */
  get callers(): number {
    return this.#shares.size;
  }

  /** Places for calls of this process. */
  get #places(): number {
    const { maxInFlight } = this.#settings();
    return this.#lease === undefined ? maxInFlight : this.#lease.places(maxInFlight);
  }

  /** Whether places are free but the caller holds too many to take one. */
  isReserved(caller: string): boolean {
    return this.isFull(caller) && this.#inFlight < this.#places;
  }

  /** Whether no call of the caller can start at once. */
  isFull(caller: string): boolean {
    const share = this.#shares.get(caller);
    if (share === undefined) return this.#inFlight >= this.#places;
    return !this.#mayTake(share);
  }

  /** Takes a place if the caller may have one. The result is needed to return the place. */
  tryEnter(caller: string): CallerShare | undefined {
    // A reload may have raised the limit since.
    if (this.#queue.length > 0) this.#serve();
    const share = this.#shares.get(caller) ?? { caller, held: 0, waiting: [] };
    if (!this.#mayTake(share)) {
      if (this.#inFlight >= this.#places) this.#lease?.refused(this.#load);
      return undefined;
    }
    this.#shares.set(caller, share);
    this.#take(share);
    return share;
  }

  /**
   * Waits for a place, at most `queueWaitMs` and a share of the call's `remainingMs`. Undefined if the queue is full
   * or the wait is over. Rejects on abort.
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
        this.#lease?.changed(this.#load);
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
      this.#lease?.changed(this.#load);
      signal.addEventListener("abort", abort);
    });
  }

  /** Returns a place. */
  leave(share: CallerShare): void {
    this.#inFlight--;
    share.held--;
    this.#lease?.changed(this.#load);
    if (this.#queue.length > 0) this.#serve();
    this.#forget(share);
  }

  #take(share: CallerShare): void {
    this.#inFlight++;
    share.held++;
    this.#lease?.changed(this.#load);
  }

  get #load(): PlaceLoad {
    const { maxInFlight: total } = this.#settings();
    return { inFlight: this.#inFlight, waiting: this.#queue.length, total };
  }

  /**
   * A caller without competition may hold `callerShare` of the places. Each further caller with the same demand
   * lowers the share of all. Some places always stay free for the next caller.
   */
  #mayTake({ held }: CallerShare): boolean {
    const { callerShare } = this.#settings();
    const free = this.#places - this.#inFlight;
    return free > 0 && held * (1 - callerShare) < free * callerShare;
  }

  /** Hands out the free places. If any caller may take one, the caller with the fewest places may. */
  #serve(): void {
    for (;;) {
      const share = this.#queue.next();
      if (share === undefined || !this.#mayTake(share)) return;
      share.waiting[0]?.enter();
      this.#queue.served(share);
    }
  }

  /**
   * Makes room in a full queue: rejects the newest call of the caller with the most calls, unless that is this
   * caller.
   */
  #freeQueuePlace(share: CallerShare): boolean {
    if (this.#queue.length < this.#settings().queueLength) return true;
    const heaviest = this.#queue.heaviest();
    // With one more call, this caller would have as many as the heaviest one.
    if (heaviest === undefined || loadOf(heaviest) <= loadOf(share) + 1) return false;
    heaviest.waiting.at(-1)?.turnAway();
    return this.#queue.length < this.#settings().queueLength;
  }

  #forget(share: CallerShare): void {
    if (share.held === 0 && share.waiting.length === 0) this.#shares.delete(share.caller);
  }
}
