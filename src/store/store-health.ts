import type { Clock } from "../clock.ts";
import { storeUnavailable } from "./store-errors.ts";
import { answers, type StoreCause, type StoreTrouble } from "./store-trouble.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** How the store is, as this replica sees it. `since`: by the clock, in milliseconds. */
export type StoreState =
  | { readonly state: "up" }
  | { readonly state: "away"; readonly trouble: StoreTrouble; readonly since: number };

/** Answers that are looked at, and how many late ones among them say that the store is late. */
const SAMPLES = 8;
const LATE_SAMPLES = 5;
/** Answers that come closer together tell of one pause, and not of two. */
const SAMPLE_MS = 250;

/** What comes and goes under load: the store is used again after so long without. */
const SETTLING: ReadonlySet<StoreCause> = new Set(["full", "late"]);
const SETTLED_MS = 5_000;

const UP: StoreState = { state: "up" };

/** Whether the store answers and takes events: nobody waits for one that does not. */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #onChange: (state: StoreState, before: StoreState) => void;
  #state: StoreState = UP;
  #isStarting = false;
  /** Whether the latest sampled answers were late; the newest last. */
  #samples: boolean[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  /** When the store became, or changed, what it is. */
  #changedAt = 0;
  /** Since when the store shows no trouble, though it counts as away. */
  #cleanSince: number | undefined;

  constructor(clock: Clock, onChange: (state: StoreState, before: StoreState) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get state(): StoreState {
    return this.#state;
  }

  /** Undefined: none. */
  get trouble(): StoreTrouble | undefined {
    return this.#state.state === "away" ? this.#state.trouble : undefined;
  }

  /** No stream is begun in it. */
  get isDown(): boolean {
    return this.#state.state === "away";
  }

  /** It can be asked, though it may take no event. */
  get isReadable(): boolean {
    return this.#state.state === "up" || answers(this.#state.trouble);
  }

  /** The store has not answered, or has refused what must not be refused. */
  failed(trouble: StoreTrouble): void {
    const now = this.#clock.now();
    this.#cleanSince = undefined;
    if (this.#state.state === "up") return this.#become({ state: "away", trouble, since: now });
    const { cause } = this.#state.trouble;
    if (cause === trouble.cause) return;
    // Of several troubles in turn the log tells one, and the next one when that has lasted.
    const isDue = cause === "other" || now - this.#changedAt >= SETTLED_MS;
    if (isDue) this.#become({ ...this.#state, trouble });
  }

  /** It shows that it can be used, and has taken so long to answer. */
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

  /** Until the returned function is called, what comes and goes is not worth telling. */
  starting(): () => void {
    this.#isStarting = true;
    return () => {
      this.#isStarting = false;
      if (this.isDown) this.#onChange(this.#state, UP);
    };
  }

  /**
   * The answer to a call that would store something, where it comes within `timeoutMs`; undefined
   * where it does not, and while the store is away. `onLate` gets one that comes afterwards.
   */
  async admit<T>(
    timeoutMs: number,
    ask: () => T | Promise<T>,
    onLate: (answer: T) => void = () => {},
  ): Promise<T | undefined> {
    return this.isDown ? undefined : this.#answered(timeoutMs, ask, onLate);
  }

  /** The same for a question: a store that is full answers it. */
  async look<T>(timeoutMs: number, ask: () => T | Promise<T>): Promise<T | undefined> {
    return this.isReadable ? this.#answered(timeoutMs, ask, () => {}) : undefined;
  }

  async #answered<T>(
    timeoutMs: number,
    ask: () => T | Promise<T>,
    onLate: (answer: T) => void,
  ): Promise<T | undefined> {
    try {
      const answer = await within(this.#clock, timeoutMs, ask(), onLate);
      this.#sample(false);
      return answer;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // One late answer says nothing: a fork of Redis or a long page makes such pauses daily.
      if (error.trouble.cause === "timeout") this.#sample(true);
      else this.failed(error.trouble);
      return undefined;
    }
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
   * The answer to an operator, who can wait: slowness says nothing of the store.
   * Throws `GatewayError` where it does not come.
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
      reject(new StoreUnavailable("unknown", message, { cause: "timeout", code: "" }));
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
