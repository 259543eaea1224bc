import { GatewayError } from "../../domain/gateway-error.ts";

/** What one that waits holds beside its bytes. */
const WAITING_BYTES = 1_024;
/** The part of the bytes that wait which one caller may have. */
const CALLER_PART = 1 / 4;

/** Work that one caller asks for. `bytes` are held until it begins. */
export interface Turn {
  readonly caller: string;
  readonly weight: number;
  readonly bytes: number;
}

interface Waiting {
  readonly weight: number;
  readonly bytes: number;
  readonly begin: () => void;
}

interface Line {
  readonly waiting: Waiting[];
  bytes: number;
}

/** Lets work begin while the weights of what goes on are within a bound. The rest waits, and callers take turns. */
export class Turns {
  readonly #maxWeight: number;
  readonly #maxWaitingBytes: number;
  /** By caller, in the order of their turns. */
  readonly #lines = new Map<string, Line>();
  #weight = 0;
  #waitingBytes = 0;

  constructor(maxWeight: number, maxWaitingBytes: number) {
    this.#maxWeight = maxWeight;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** The weight of what goes on. */
  get weight(): number {
    return this.#weight;
  }

  /**
   * Work heavier than the bound goes on alone. Rejects with `gateway-overloaded` if those that wait, of
   * this caller or of all, hold too many bytes.
   */
  async run<Result>(turn: Turn, work: () => Promise<Result>): Promise<Result> {
    const weight = Math.min(turn.weight, this.#maxWeight);
    await this.#begin(turn.caller, weight, turn.bytes + WAITING_BYTES);
    try {
      return await work();
    } finally {
      this.#weight -= weight;
      this.#next();
    }
  }

  async #begin(caller: string, weight: number, bytes: number): Promise<void> {
    if (this.#lines.size === 0 && this.#weight + weight <= this.#maxWeight) {
      this.#weight += weight;
      return;
    }
    const line = this.#lines.get(caller) ?? { waiting: [], bytes: 0 };
    const isFull = this.#waitingBytes + bytes > this.#maxWaitingBytes;
    if (isFull || line.bytes + bytes > this.#maxWaitingBytes * CALLER_PART) {
      throw new GatewayError("gateway-overloaded", "too many compressed requests are on their way");
    }
    this.#lines.set(caller, line);
    this.#waitingBytes += bytes;
    line.bytes += bytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    line.waiting.push({ weight, bytes, begin: resolve });
    await promise;
  }

  #next(): void {
    for (const [caller, line] of this.#lines) {
      const [next] = line.waiting;
      // A lighter one of another caller does not pass it, or that would wait for ever.
      if (next === undefined || this.#weight + next.weight > this.#maxWeight) return;
      line.waiting.shift();
      line.bytes -= next.bytes;
      this.#waitingBytes -= next.bytes;
      this.#weight += next.weight;
      // The caller's next one comes behind those of the others.
      this.#lines.delete(caller);
      if (line.waiting.length > 0) this.#lines.set(caller, line);
      next.begin();
    }
  }
}
