// Messages that wait for a slow reader.
import { sizeOf } from "./batches.ts";
import type { BusMessage } from "./stream-bus.ts";

/** Bounds in messages and in bytes of their events. Batches beyond them are dropped and read again from the store. */
const MAX_MESSAGES = 256;
const MAX_BYTES = 512 * 1024;

export class ReaderInbox {
  #messages: BusMessage[] = [];
  #bytes = 0;
  /** Whether batches were dropped, so that the reader must read them from the store. */
  hasDropped = false;

  /** `isOnlyHere`: no store has the batch yet, so it must not be dropped. */
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
