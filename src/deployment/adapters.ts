// The adapters of all deployments, each with the connections of one provider instance.
import type { Provider } from "../providers/provider.ts";

/** The right to use an adapter until `release`, which may be called twice. */
export interface AdapterHold {
  readonly provider: Provider;
  release(): void;
}

interface Adapter {
  readonly provider: Promise<Provider>;
  holders: number;
}

/**
 * Owns every adapter of the process. Holders of one key share one adapter, which is closed
 * once: when its last holder has released it, or with `close` at the end of the process.
 */
export class Adapters {
  readonly #open = new Map<string, Adapter>();
  readonly #closing = new Set<Promise<void>>();
  readonly #onFailure: (error: unknown) => void;

  /** `onFailure` is told of an adapter that could not be closed. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** The adapter of a key: the open one, else what `create` makes. Rejects as `create` does. */
  async hold(key: string, create: () => Promise<Provider>): Promise<AdapterHold> {
    const adapter = this.#open.get(key) ?? { provider: create(), holders: 0 };
    this.#open.set(key, adapter);
    adapter.holders++;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      adapter.holders--;
      if (adapter.holders === 0) this.#end(key, adapter);
    };
    try {
      return { provider: await adapter.provider, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Closes every adapter, whoever holds it; resolves when all are closed. */
  async close(): Promise<void> {
    for (const [key, adapter] of this.#open) this.#end(key, adapter);
    await Promise.all(this.#closing);
  }

  #end(key: string, adapter: Adapter): void {
    // After `close` a holder may still let go of what is closed already.
    if (this.#open.get(key) !== adapter) return;
    this.#open.delete(key);
    const closed = this.#closed(adapter).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  async #closed(adapter: Adapter): Promise<void> {
    let provider: Provider;
    try {
      provider = await adapter.provider;
    } catch {
      // It never came about, and whoever asked for it has been told so.
      return;
    }
    await provider.close().catch(this.#onFailure);
  }
}
