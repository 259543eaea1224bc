// Virtual time for everything that takes part in a simulation: what is due next is
// done next, and the seed decides among what is due at once.
import type { Clock } from "../../src/clock.ts";

interface Entry {
  at: number;
  readonly tie: number;
  readonly process: SimulatedProcess;
  readonly callback: () => void;
  isCancelled: boolean;
}

/** More than the longest run takes. */
const MAX_STEPS = 1_000_000;
/** Moments of one millisecond. */
const GRAINS = 1_024;
const EPOCH = 1_790_000_000_000;

/** Numbers in [0, 1) that follow from a seed (sfc32). */
function seededRandom(seed: number): () => number {
  let a = seed | 0;
  let b = (seed * 0x9e3779b1) | 0;
  let c = 0x2545f491;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

export class Dice {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** From `low` up to `high`, both whole. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[Math.floor(this.random() * from.length)] ?? from[0];
  }
}

/** Lets everything run that does not wait for virtual time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  readonly dice: Dice;
  now = 0;
  readonly #heap: Entry[] = [];
  #steps = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
  }

  process(name: string): SimulatedProcess {
    return new SimulatedProcess(this, name);
  }

  add(process: SimulatedProcess, ms: number, callback: () => void): Entry {
    // Time has grains: what takes any time at all ends later than it began.
    const at = this.now + Math.ceil(Math.max(ms, 0) * GRAINS) / GRAINS;
    const entry = { at, tie: this.dice.random(), process, callback, isCancelled: false };
    this.push(entry);
    return entry;
  }

  push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as Entry, heap[child] as Entry))
        child = right;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return first;
  }

  /** Does what falls due up to `end`. */
  async runUntil(end: number): Promise<void> {
    await settle();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      this.#pop();
      if (next.isCancelled || next.process.state === "dead") continue;
      if (next.process.state === "paused") {
        next.process.backlog.push(next);
        continue;
      }
      this.now = Math.max(this.now, next.at);
      next.callback();
      await settle();
      if (++this.#steps > MAX_STEPS) throw new Error("the simulation does not come to rest");
    }
    this.now = Math.max(this.now, end);
  }

  /** Timers of a process that are still to come. */
  pending(process: SimulatedProcess): number {
    const isPending = (entry: Entry): boolean => entry.process === process && !entry.isCancelled;
    return this.#heap.filter(isPending).length;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie);
}

/**
 * What lives and dies together. Its code runs only when one of its timers fires,
 * so a dead process does nothing more, and a paused one does it later.
 */
export class SimulatedProcess {
  state: "running" | "paused" | "dead" = "running";
  backlog: Entry[] = [];
  readonly name: string;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler, name: string) {
    this.#scheduler = scheduler;
    this.name = name;
  }

  schedule(ms: number, callback: () => void): () => void {
    const entry = this.#scheduler.add(this, ms, callback);
    return () => {
      entry.isCancelled = true;
    };
  }

  get clock(): Clock {
    const scheduler = this.#scheduler;
    const schedule = (ms: number, callback: () => void) => this.schedule(ms, callback);
    return {
      now: () => scheduler.now,
      wallTime: () => EPOCH + scheduler.now,
      schedule,
      random: scheduler.dice.random,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason);
          const stop = (): void => {
            cancel();
            reject(signal.reason);
          };
          const cancel = schedule(ms, () => {
            signal.removeEventListener("abort", stop);
            resolve();
          });
          signal.addEventListener("abort", stop, { once: true });
        }),
    };
  }

  pause(): void {
    if (this.state === "running") this.state = "paused";
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    for (const entry of this.backlog.splice(0)) {
      entry.at = this.#scheduler.now;
      this.#scheduler.push(entry);
    }
  }

  kill(): void {
    this.state = "dead";
    this.backlog = [];
  }
}
