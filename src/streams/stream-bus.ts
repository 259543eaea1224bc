import type { GatewayError } from "../domain/gateway-error.ts";
import type { Batch } from "./stream-record.ts";

/** What a writer of this process tells the readers of this process. */
export type BusMessage =
  | { readonly type: "batch"; readonly batch: Batch; readonly isLast: boolean }
  /** From now on events come before they are stored, or no longer do. */
  | { readonly type: "durability"; readonly isUndurable: boolean }
  /** This process writes the stream no longer: what follows is in the store. */
  | { readonly type: "left" }
  /** The stream goes on at another replica, or the store takes nothing of it: its readers here end so. */
  | { readonly type: "over"; readonly error: GatewayError };

type Listener = (message: BusMessage) => void;

/** From the writers of this process to its readers, by stream. */
export class StreamBus {
  readonly #listeners = new Map<string, Set<Listener>>();

  listen(streamId: string, listener: Listener): () => void {
    let listeners = this.#listeners.get(streamId);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(streamId, listeners);
    }
    const own = listeners;
    own.add(listener);
    return () => {
      own.delete(listener);
      if (own.size === 0 && this.#listeners.get(streamId) === own) this.#listeners.delete(streamId);
    };
  }

  publish(streamId: string, message: BusMessage): void {
    const listeners = this.#listeners.get(streamId);
    if (listeners !== undefined) for (const listener of listeners) listener(message);
  }
}
