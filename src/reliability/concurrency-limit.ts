import type { Clock } from "../clock.ts";
import type { LimitSettings } from "../domain/limit-settings.ts";
import { CallerQueue, type CallerShare, loadOf, type Waiter } from "./caller-queue.ts";

/** A caller waits in a queue for at most this share of its time. */
const QUEUE_SHARE = 0.25;

/**
 * So many calls at a time, and a bounded queue of those that wait. Callers share both: none takes a place
 * while it holds more than its share of those that are left, a place that is given back goes to the caller that
 * holds least, and a full queue turns away calls of the caller that has most.
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

  /** There are places, and the caller holds too many to take one. */
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
    // A reload may have made room.
    if (this.#queue.length > 0) this.#serve();
    const share = this.#shares.get(caller) ?? { caller, held: 0, waiting: [] };
    if (!this.#mayTake(share)) return undefined;
    this.#shares.set(caller, share);
    this.#take(share);
    return share;
  }

  /**
   * Waits for a place, as long as the queue allows and a share of `leftMs`, which the call has;
   * undefined when the queue has no room or the wait is over. Rejects on abort.
   */
  async enter(
    caller: string,
    leftMs: number,
    signal: AbortSignal,
  ): Promise<CallerShare | undefined> {
    const entered = this.tryEnter(caller);
    if (entered !== undefined) return entered;
    signal.throwIfAborted();
    const share = this.#shares.get(caller) ?? { caller, held: 0, waiting: [] };
    if (!this.#makeRoom(share)) return undefined;
    this.#shares.set(caller, share);
    const waitMs = Math.min(this.#settings().queueWaitMs, leftMs * QUEUE_SHARE);
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
   * A caller may hold `callerShare` of the places if it is alone. Each further one that wants as many leaves
   * less to all of them, and some places always stay free for the next that comes.
   */
  #mayTake({ held }: CallerShare): boolean {
    const { maxInFlight, callerShare } = this.#settings();
    const left = maxInFlight - this.#inFlight;
    return left > 0 && held * (1 - callerShare) < left * callerShare;
  }

  /** Hands out the places that there are. Who holds least may take one if anybody may. */
  #serve(): void {
    for (;;) {
      const share = this.#queue.next();
      if (share === undefined || !this.#mayTake(share)) return;
      share.waiting[0]?.enter();
      this.#queue.served(share);
    }
  }

  /** A full queue turns away the newest call of the caller that has most, unless that is this one. */
  #makeRoom(share: CallerShare): boolean {
    if (this.#queue.length < this.#settings().queueLength) return true;
    const heaviest = this.#queue.heaviest();
    // With one more this caller would have as much.
    if (heaviest === undefined || loadOf(heaviest) <= loadOf(share) + 1) return false;
    heaviest.waiting.at(-1)?.turnAway();
    return this.#queue.length < this.#settings().queueLength;
  }

  #forget(share: CallerShare): void {
    if (share.held === 0 && share.waiting.length === 0) this.#shares.delete(share.caller);
  }
}
