import { GatewayError } from "../../domain/gateway-error.ts";
import { TurnsByCaller } from "../../domain/turns-by-caller.ts";

/** Memory of a waiting entry beside its bytes. */
const WAITING_BYTES = 1_024;
/** Largest share of the waiting bytes of one caller. */
const CALLER_PART = 1 / 4;

/** Work of one caller. `bytes` are held until it begins. */
export interface Turn {
  readonly caller: string;
  readonly weight: number;
  readonly bytes: number;
}

interface Waiting extends Turn {
  readonly begin: () => void;
}

/** Limits the total weight of running work. The rest waits, and callers take turns. */
export class Turns {
  readonly #maxWeight: number;
  readonly #maxWaitingBytes: number;
  readonly #waiting = new TurnsByCaller<Waiting>();
  readonly #bytesOf = new Map<string, number>();
  #weight = 0;
  #waitingBytes = 0;

  constructor(maxWeight: number, maxWaitingBytes: number) {
    this.#maxWeight = maxWeight;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Total weight of running work. */
  get weight(): number {
    return this.#weight;
  }

  /**
   * Resolves when the work may begin; call the result once, when the work has ended. Work heavier than the bound
   * runs alone. Rejects with `gateway-overloaded` if too many bytes wait, of this caller or in total.
   */
  async enter(turn: Turn): Promise<() => void> {
    const weight = Math.min(turn.weight, this.#maxWeight);
    await this.#begin({ ...turn, weight, bytes: turn.bytes + WAITING_BYTES });
    return () => {
      this.#weight -= weight;
      this.#next();
    };
  }

  async #begin(turn: Turn): Promise<void> {
    if (this.#waiting.length === 0 && this.#mayBegin(turn)) {
      this.#weight += turn.weight;
      return;
    }
    const isFull = this.#waitingBytes + turn.bytes > this.#maxWaitingBytes;
    const ofCaller = (this.#bytesOf.get(turn.caller) ?? 0) + turn.bytes;
    if (isFull || ofCaller > this.#maxWaitingBytes * CALLER_PART) {
      throw new GatewayError("gateway-overloaded", "too many compressed requests are on their way");
    }
    this.#hold(turn.caller, turn.bytes);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(turn.caller, { ...turn, begin: resolve });
    await promise;
  }

  #mayBegin({ weight }: Turn): boolean {
    return this.#weight + weight <= this.#maxWeight;
  }

  #hold(caller: string, bytes: number): void {
    this.#waitingBytes += bytes;
    const ofCaller = (this.#bytesOf.get(caller) ?? 0) + bytes;
    if (ofCaller > 0) this.#bytesOf.set(caller, ofCaller);
    else this.#bytesOf.delete(caller);
  }

  #next(): void {
    for (;;) {
      const next = this.#waiting.peek();
      // A lighter entry of another caller does not overtake it, or it would wait for ever.
      if (next === undefined || !this.#mayBegin(next)) return;
      this.#waiting.take();
      this.#hold(next.caller, -next.bytes);
      this.#weight += next.weight;
      next.begin();
    }
  }
}
