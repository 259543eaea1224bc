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
 * Owner of all adapters of the process. Holders of the same key share one adapter. An adapter is closed once: when
 * its last holder has released it, or by `close` at the end of the process.
 */
export class Adapters {
  readonly #open = new Map<string, Adapter>();
  readonly #closing = new Set<Promise<void>>();
  readonly #onFailure: (error: unknown) => void;

  /** `onFailure` is called if an adapter could not be closed. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** The adapter of a key: the open one, otherwise the result of `create`. Rejects if `create` does. */
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

  /** Closes all adapters, even if they are held. Resolves when all are closed. */
  async close(): Promise<void> {
    for (const [key, adapter] of this.#open) this.#end(key, adapter);
    await Promise.all(this.#closing);
  }

  #end(key: string, adapter: Adapter): void {
    // After `close`, a holder may still release an adapter that is already closed.
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
      // The adapter was never created, and its caller has received the error.
      return;
    }
    await provider.close().catch(this.#onFailure);
  }
}
