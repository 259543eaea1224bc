import { GatewayError } from "../domain/gateway-error.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { CallerFeed } from "./caller-feed.ts";
import type { CallerIndex } from "./caller-index.ts";
import type { CallerRegistry } from "./caller-registry.ts";
import type { CallerStore, RecordChange } from "./caller-store.ts";

/** How often a change is decided anew because another replica was faster. */
const MAX_TRIES = 10;
/** Largest record in bytes. */
const MAX_RECORD_BYTES = 64 * 1024;

/** What a change writes, and what it answers when that is written. */
export interface Decision<T> {
  readonly changes: readonly RecordChange[];
  readonly answer: T;
}

export interface CallerWriterOptions {
  readonly store: CallerStore;
  readonly registry: CallerRegistry;
  readonly feed: CallerFeed;
  readonly newId: () => string;
  /** Tells the other replicas that they have to read the feed. */
  readonly tellOthers: () => Promise<void>;
}

/** Writes changes that hold for the very state of the callers that they were decided by. */
export class CallerWriter {
  readonly #options: CallerWriterOptions;

  constructor(options: CallerWriterOptions) {
    this.#options = options;
  }

  /**
   * `decide` sees all callers as they are, and can be called several times. What it throws is thrown. The change
   * holds at this replica when the promise resolves. Rejects with UNAVAILABLE without the store.
   */
  async change<T>(decide: (index: CallerIndex) => Decision<T>): Promise<T> {
    const { feed, tellOthers } = this.#options;
    try {
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        await feed.refresh();
        const { changes, answer } = decide(this.#options.registry.index);
        if (changes.length === 0) return answer;
        if (!(await this.#write(changes))) continue;
        await tellOthers();
        await feed.refresh();
        return answer;
      }
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
    const message = "other changes of callers came first, several times: try again";
    throw new GatewayError("state-unavailable", message);
  }

  #write(changes: readonly RecordChange[]): Promise<boolean> {
    const { store, registry, newId } = this.#options;
    for (const { value = "" } of changes) {
      if (Buffer.byteLength(value) <= MAX_RECORD_BYTES) continue;
      const message = `the lists and limits take more than ${MAX_RECORD_BYTES} bytes`;
      throw new GatewayError("validation", message);
    }
    return store.write(changes, registry.index.position, newId());
  }
}
