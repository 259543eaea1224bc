// What waits for a reader that takes it more slowly than it comes.
import { sizeOf } from "./batches.ts";
import type { BusMessage } from "./stream-bus.ts";

/** In messages and in bytes of their events; more is dropped and read again from the store. */
const MAX_MESSAGES = 256;
const MAX_BYTES = 512 * 1024;

export class ReaderInbox {
  #messages: BusMessage[] = [];
  #bytes = 0;
  /** Batches were dropped: the reader has to ask the store for them. */
  hasDropped = false;

  /** `isOnlyHere`: no store has the batch yet, so that it cannot be dropped. */
  push(message: BusMessage, isOnlyHere: boolean): void {
    if (message.type === "batch") {
      const isFull = this.#messages.length >= MAX_MESSAGES || this.#bytes >= MAX_BYTES;
      if (isFull && !isOnlyHere) return this.#dropBatches();
      this.#bytes += sizeOf(message.batch.events);
    }
    this.#messages.push(message);
  }

  shift(): BusMessage | undefined {
    const message = this.#messages.shift();
    if (message?.type === "batch") this.#bytes -= sizeOf(message.batch.events);
    return message;
  }

  #dropBatches(): void {
    this.#messages = this.#messages.filter(({ type }) => type !== "batch");
    this.#bytes = 0;
    this.hasDropped = true;
  }
}
