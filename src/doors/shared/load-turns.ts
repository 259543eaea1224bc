import { GatewayError } from "../../domain/gateway-error.ts";
import { TurnsByCaller } from "../../domain/turns-by-caller.ts";

/** Loads at a time: each can hold a request of the longest kind, for which its call has sent some bytes. */
const MAX_RUNNING = 4;
/** Loads of one caller that wait. */
const MAX_WAITING = 64;

/** Lets a few loads run at a time. The others wait, and callers take turns. */
export class LoadTurns {
  readonly #waiting = new TurnsByCaller<() => void>();
  #running = 0;

  /** Rejects with UNAVAILABLE if too many loads of the caller wait, and with the reason of the signal. */
  async run<Result>(
    caller: string,
    signal: AbortSignal,
    load: () => Promise<Result>,
  ): Promise<Result> {
    await this.#enter(caller, signal);
    try {
      return await load();
    } finally {
      this.#running--;
      this.#waiting.take()?.();
    }
  }

  async #enter(caller: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < MAX_RUNNING) {
      this.#running++;
      return;
    }
    if (this.#waiting.lengthOf(caller) >= MAX_WAITING) {
      const message = `${MAX_WAITING} calls of the caller wait for stored responses already`;
      throw new GatewayError("gateway-overloaded", message);
    }
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        this.#running++;
        resolve();
      };
      const leave = (): void => {
        this.#waiting.remove(caller, begin);
        reject(signal.reason);
      };
      this.#waiting.add(caller, begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
