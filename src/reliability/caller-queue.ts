/** A call that waits for a place. */
export interface Waiter {
  readonly enter: () => void;
  readonly turnAway: () => void;
}

/** One caller's share of a target: the places it holds, and its calls that wait for one. */
export interface CallerShare {
  readonly caller: string;
  held: number;
  /** In the order of arrival. */
  readonly waiting: Waiter[];
}

/** The calls that wait at a target, by caller. Callers with the fewest places are served in turn. */
export class CallerQueue {
  /** Callers in the order of their turns. */
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

  /** The caller with the fewest places among those with waiting calls; of several, the one whose turn comes first. */
  next(): CallerShare | undefined {
    let next: CallerShare | undefined;
    for (const share of this.#turns) if (next === undefined || share.held < next.held) next = share;
    return next;
  }

  /** Moves a served caller to the end of the order. */
  served(share: CallerShare): void {
    if (this.#turns.delete(share)) this.#turns.add(share);
  }

  /** The caller with the most running and waiting calls, among those with waiting calls. */
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
