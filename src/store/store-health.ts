import type { Clock } from "../clock.ts";
import { storeUnavailable } from "./store-errors.ts";
import { answers, type StoreCause, type StoreTrouble } from "./store-trouble.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** State of the store, as this replica sees it. `since`: the clock's milliseconds. */
export type StoreState =
  | { readonly state: "up" }
  | { readonly state: "away"; readonly trouble: StoreTrouble; readonly since: number };

/** Number of sampled answers, and the number of late ones among them that makes the store count as late. */
const SAMPLES = 8;
const LATE_SAMPLES = 5;
/** Least milliseconds between two samples. Answers closer together belong to the same pause. */
const SAMPLE_MS = 250;

/** Causes that can come and go under load. The store is used again after `SETTLED_MS` milliseconds without one. */
const SETTLING: ReadonlySet<StoreCause> = new Set(["full", "late"]);
const SETTLED_MS = 5_000;

const UP: StoreState = { state: "up" };

/** Whether the store answers and accepts events, so that no call waits for a store that does not. */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #onChange: (state: StoreState, before: StoreState) => void;
  #state: StoreState = UP;
  #isStarting = false;
  /** For each of the latest sampled answers, whether it was late. The newest is last. */
  #samples: boolean[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  /** Time of the last change of the state. */
  #changedAt = 0;
  /** Time since which the store shows no trouble although it still counts as away. */
  #cleanSince: number | undefined;

  constructor(clock: Clock, onChange: (state: StoreState, before: StoreState) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get state(): StoreState {
    return this.#state;
  }

  /** Undefined: no trouble. */
  get trouble(): StoreTrouble | undefined {
    return this.#state.state === "away" ? this.#state.trouble : undefined;
  }

  /** Whether no stream can begin in the store. */
  get isDown(): boolean {
    return this.#state.state === "away";
  }

  /** Whether the store can be read, even if it accepts no events. */
  get isReadable(): boolean {
    return this.#state.state === "up" || answers(this.#state.trouble);
  }

  /** Called when the store has not answered, or has refused a call that must not be refused. */
  failed(trouble: StoreTrouble): void {
    const now = this.#clock.now();
    this.#cleanSince = undefined;
    if (this.#state.state === "up") return this.#become({ state: "away", trouble, since: now });
    const { cause } = this.#state.trouble;
    if (cause === trouble.cause) return;
    // If several kinds of trouble alternate, the state names one, and the next one only after it has lasted.
    const isDue = cause === "other" || now - this.#changedAt >= SETTLED_MS;
    if (isDue) this.#become({ ...this.#state, trouble });
  }

  /** Called when the store has shown that it can be used. `answerMs`: how long the answer took. */
  succeeded(answerMs: number, timeoutMs: number): void {
    if (this.#state.state === "up") return;
    const { cause } = this.#state.trouble;
    const now = this.#clock.now();
    if (cause === "late" && answerMs > timeoutMs) this.#cleanSince = undefined;
    else this.#cleanSince ??= now;
    const isClean = this.#cleanSince !== undefined && now - this.#cleanSince >= SETTLED_MS;
    if (SETTLING.has(cause) && !isClean) return;
    this.#samples = [];
    this.#become(UP);
  }

  #become(state: StoreState): void {
    const before = this.#state;
    this.#state = state;
    this.#changedAt = this.#clock.now();
    this.#cleanSince = undefined;
    if (!this.#isStarting) this.#onChange(state, before);
  }

  /** Until the returned function is called, short changes of state are not reported. */
  starting(): () => void {
    this.#isStarting = true;
    return () => {
      this.#isStarting = false;
      if (this.isDown) this.#onChange(this.#state, UP);
    };
  }

  /**
   * The answer to a call that stores data, if it arrives within `timeoutMs`; undefined if it does not, or while the
   * store is away. `onLate` receives a later answer.
   */
  admit<T>(
    timeoutMs: number,
    ask: () => T | Promise<T>,
    onLate: (answer: T) => void = () => {},
  ): T | undefined | Promise<T | undefined> {
    return this.isDown ? undefined : this.#answered(timeoutMs, ask, onLate);
  }

  /** The answer to a call that only reads. A full store answers such calls. */
  async look<T>(timeoutMs: number, ask: () => T | Promise<T>): Promise<T | undefined> {
    return this.isReadable ? this.#answered(timeoutMs, ask, () => {}) : undefined;
  }

  /** The answer of a store in this process is there at once: a promise costs as much as the look-up. */
  #answered<T>(
    timeoutMs: number,
    ask: () => T | Promise<T>,
    onLate: (answer: T) => void,
  ): T | undefined | Promise<T | undefined> {
    try {
      const answer = within(this.#clock, timeoutMs, ask(), onLate);
      if (answer instanceof Promise) return this.#whenAnswered(answer);
      this.#sample(false);
      return answer;
    } catch (error) {
      return this.#unanswered(error);
    }
  }

  async #whenAnswered<T>(coming: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await coming;
      this.#sample(false);
      return answer;
    } catch (error) {
      return this.#unanswered(error);
    }
  }

  #unanswered(error: unknown): undefined {
    if (!(error instanceof StoreUnavailable)) throw error;
    // One late answer is no evidence: a fork of Redis or a long page causes such pauses daily.
    if (error.trouble.cause === "timeout") this.#sample(true);
    else this.failed(error.trouble);
  }

  #sample(isLate: boolean): void {
    const now = this.#clock.now();
    if (this.isDown || now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    this.#samples = [...this.#samples.slice(1 - SAMPLES), isLate];
    const late = this.#samples.filter(Boolean).length;
    if (late >= LATE_SAMPLES) this.failed({ cause: "late", code: "" });
  }

  /**
   * The answer for an operator, who can wait. Slowness is no evidence about the store here. Throws `GatewayError` if
   * the answer does not arrive.
   */
  async demand<T>(timeoutMs: number, ask: () => T | Promise<T>): Promise<T> {
    if (!this.isReadable) throw storeUnavailable();
    try {
      return await within(this.#clock, timeoutMs, ask());
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
  }
}

/** A timer that is late by more milliseconds than this shows that this process was blocked, not the store. */
const LATE_MS = 10;

/** The answer of a store, or `StoreUnavailable` if it takes longer than `timeoutMs`. */
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
      // A later rejection adds nothing.
      answer.then(onLate, () => {});
      const message = `the stream store did not answer within ${timeoutMs} ms`;
      reject(new StoreUnavailable("unknown", message, { cause: "timeout", code: "" }));
    };
    let stop = clock.schedule(timeoutMs, () => {
      const lateMs = clock.now() - startedAt - timeoutMs;
      // Data that arrived meanwhile is read before the next timer.
      if (lateMs > LATE_MS) stop = clock.schedule(0, giveUp);
      else giveUp();
    });
    answer.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}
