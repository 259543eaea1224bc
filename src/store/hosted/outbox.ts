import type { Socket } from "node:net";
import { FrameWriter } from "./frames.ts";

export interface OutboxEvents {
  /** Called before the frames so far are given to the system. */
  readonly onSend?: () => void;
  /** Called when the system has taken them. */
  readonly onSent?: () => void;
}

/**
 * Frames on their way into a socket. Those of one turn of the event loop are written together. While a write waits for
 * the other end, the frames behind it wait here, and count as not sent.
 */
export class Outbox {
  readonly frames = new FrameWriter();
  readonly #socket: Socket;
  readonly #events: OutboxEvents;
  #state: "idle" | "due" | "writing" | "ended" = "idle";

  constructor(socket: Socket, events: OutboxEvents = {}) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.frames.used;
  }

  /** Called after a frame was added. */
  wake(): void {
    if (this.#state !== "idle") return;
    this.#state = "due";
    // After all input of this turn.
    setImmediate(() => this.#write());
  }

  end(): void {
    this.#state = "ended";
  }

  #write(): void {
    if (this.#state === "ended") return;
    this.#state = "writing";
    this.#events.onSend?.();
    const bytes = this.frames.take();
    this.#socket.write(bytes, (error) => {
      // The socket reports errors itself.
      if (error !== null && error !== undefined) return;
      this.frames.giveBack(bytes);
      if (this.#state === "ended") return;
      this.#state = "idle";
      if (this.frames.used > 0) this.wake();
      this.#events.onSent?.();
    });
  }
}
