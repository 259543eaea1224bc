import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { LimitStore, Settlement } from "./limit-store.ts";

/** Settlements of one step of the store. */
const BATCH = 500;
/** Most settlements that wait while the store is away. The reaper settles others at their reserved amounts. */
const MOST = 100_000;
const RETRY_MS = 500;

export interface SettlementsOptions {
  readonly clock: Clock;
  readonly store: LimitStore;
  /** Called with the number of settlements without room. */
  readonly onDropped: (count: number) => void;
  /** Called with an error that no store may reject with. */
  readonly onDefect: OnDefect;
}

/** Sends settlements to the store: at once, in batches, and repeatedly while the store is away. */
export class Settlements {
  readonly #options: SettlementsOptions;
  #waiting: Settlement[] = [];
  #work: Promise<void> | undefined;
  #ending: AbortController | undefined = new AbortController();

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  add(settlement: Settlement): void {
    if (this.#waiting.length >= MOST) return this.#options.onDropped(1);
    this.#waiting.push(settlement);
    this.#work ??= this.#send()
      .catch((defect: unknown) => this.#options.onDefect(defect, {}))
      .finally(() => {
        this.#work = undefined;
      });
  }

  /** Resolves when all is in the store, or when the store does not take it: the reaper settles the rest. */
  async close(): Promise<void> {
    const ending = this.#ending;
    this.#ending = undefined;
    ending?.abort();
    await this.#work;
  }

  async #send(): Promise<void> {
    const { clock, store } = this.#options;
    // Those of this turn of the event loop travel together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        await store.settle(batch);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        this.#waiting.unshift(...batch);
        if (this.#ending === undefined) return;
        // The end of the process ends the wait alone: one more try follows.
        await clock.sleep(RETRY_MS, this.#ending.signal).catch(() => {});
      }
    }
  }
}
