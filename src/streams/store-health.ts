import type { Clock } from "../clock.ts";
import { storeUnavailable } from "./stream-errors.ts";
import { StoreUnavailable } from "./stream-store.ts";

/** Whether the store answers: nobody waits for one that does not. */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #onChange: (isDown: boolean) => void;
  #isDown = false;
  #isStarting = false;

  constructor(clock: Clock, onChange: (isDown: boolean) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** The store has answered, or has not. */
  mark(isDown: boolean): void {
    if (isDown === this.#isDown) return;
    this.#isDown = isDown;
    if (!this.#isStarting) this.#onChange(isDown);
  }

  /** Until the returned function is called, what comes and goes is not worth telling. */
  starting(): () => void {
    this.#isStarting = true;
    return () => {
      this.#isStarting = false;
      if (this.#isDown) this.#onChange(true);
    };
  }

  /**
   * The answer, where it comes within `timeoutMs`; undefined while the store is
   * away. `onLate` gets one that comes afterwards.
   */
  async admit<T>(
    timeoutMs: number,
    ask: () => T | Promise<T>,
    onLate: (answer: T) => void = () => {},
  ): Promise<T | undefined> {
    if (this.#isDown) return undefined;
    try {
      return await within(this.#clock, timeoutMs, ask(), onLate);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.mark(true);
      return undefined;
    }
  }

  /**
   * The answer to an operator, who can wait: slowness says nothing of the store.
   * Throws `GatewayError` where it does not come.
   */
  async demand<T>(timeoutMs: number, ask: () => T | Promise<T>): Promise<T> {
    if (this.#isDown) throw storeUnavailable();
    try {
      return await within(this.#clock, timeoutMs, ask());
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
  }
}

/** A timer that is later than that tells of this process, which was held up, and not of the store. */
const LATE_MS = 10;

/** The answer of a store, or `StoreUnavailable` where it takes longer: nothing waits for ever. */
export function within<T>(
  clock: Clock,
  timeoutMs: number,
  answer: T | Promise<T>,
  onLate: (answer: T) => void = () => {},
): T | Promise<T> {
  if (!(answer instanceof Promise)) return answer;
  return new Promise((resolve, reject) => {
    const startedAt = clock.now();
    const giveUp = (): void => {
      // A second failure tells nothing new.
      answer.then(onLate, () => {});
      const message = `the stream store did not answer within ${timeoutMs} ms`;
      reject(new StoreUnavailable("unknown", message));
    };
    let stop = clock.schedule(timeoutMs, () => {
      const lateMs = clock.now() - startedAt - timeoutMs;
      // What has come meanwhile is read before the next timer.
      if (lateMs > LATE_MS) stop = clock.schedule(0, giveUp);
      else giveUp();
    });
    answer.then(resolve, reject).finally(() => stop());
  });
}
