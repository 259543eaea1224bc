import type { GatewayError } from "../domain/gateway-error.ts";
import { LiveMap } from "../domain/live-map.ts";
import type { Batch } from "./stream-record.ts";

/** Messages from a writer of this process to the readers of this process. */
export type BusMessage =
  | { readonly type: "batch"; readonly batch: Batch; readonly isLast: boolean }
  /** From now on events are shown before they are stored, or no longer are. */
  | { readonly type: "durability"; readonly isUndurable: boolean }
  /** This process no longer writes the stream: further events are in the store. */
  | { readonly type: "left" }
  /** Another replica continues the stream, or the store accepts nothing for it. Local readers end with this error. */
  | { readonly type: "over"; readonly error: GatewayError };

type Listener = (message: BusMessage) => void;

/** Passes messages of the writers of this process to its readers, by stream. */
export class StreamBus {
  readonly #listeners = new LiveMap<string, Set<Listener>>();

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
