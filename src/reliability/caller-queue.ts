/** A call that waits for a place. */
export interface Waiter {
  readonly enter: () => void;
  readonly turnAway: () => void;
}

/** What one caller has of a target: the places that it holds, and its calls that wait for one. */
export interface CallerShare {
  readonly caller: string;
  held: number;
  /** First come first served. */
  readonly waiting: Waiter[];
}

/** The calls that wait at a target, by caller: those who hold least are served in turn. */
export class CallerQueue {
  /** In the order of their turns. */
  readonly #turns = new Set<CallerShare>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(share: CallerShare, waiter: Waiter): void {
    share.waiting.push(waiter);
    this.#turns.add(share);
    this.#length++;
  }

  remove(share: CallerShare, waiter: Waiter): void {
    const index = share.waiting.indexOf(waiter);
    if (index === -1) return;
    share.waiting.splice(index, 1);
    this.#length--;
    if (share.waiting.length === 0) this.#turns.delete(share);
  }

  /** Of the callers with waiting calls the one that holds least; of several, the one whose turn is first. */
  next(): CallerShare | undefined {
    let next: CallerShare | undefined;
    for (const share of this.#turns) if (next === undefined || share.held < next.held) next = share;
    return next;
  }

  /** The caller has had its turn. */
  served(share: CallerShare): void {
    if (this.#turns.delete(share)) this.#turns.add(share);
  }

  /** Of the callers with waiting calls the one with the most calls that run and wait. */
  heaviest(): CallerShare | undefined {
    let heaviest: CallerShare | undefined;
    for (const share of this.#turns) {
      if (heaviest === undefined || loadOf(share) > loadOf(heaviest)) heaviest = share;
    }
    return heaviest;
  }
}

export function loadOf({ held, waiting }: CallerShare): number {
  return held + waiting.length;
}
