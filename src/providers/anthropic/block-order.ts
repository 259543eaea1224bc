/** Puts what comes of blocks into the order of the blocks. */
export interface BlockOrder {
  /** Runs `step` now, or behind the blocks before `index` that are undecided. `size` is what it holds, in UTF-16 units. */
  run(index: number, size: number, step: () => void): void;
  /** Nothing waits. */
  isIdle(): boolean;
}

/** Most text that waits for the blocks before it, in UTF-16 units; more is not put into order. */
const MAX_WAITING = 1024 * 1024;

/** `isUndecided` tells whether an open block may still become a part, and is none yet. */
export function createBlockOrder(
  openBlocks: () => Iterable<number>,
  isUndecided: (index: number) => boolean,
): BlockOrder {
  let waiting: { readonly index: number; readonly size: number; readonly step: () => void }[] = [];
  let size = 0;

  function mustWait(index: number): boolean {
    if (size > MAX_WAITING) return false;
    for (const before of openBlocks()) if (before < index && isUndecided(before)) return true;
    return false;
  }

  function runWaiting(): void {
    const steps = waiting;
    waiting = [];
    for (const each of steps) {
      size -= each.size;
      run(each.index, each.size, each.step);
    }
  }

  function run(index: number, own: number, step: () => void): void {
    if (mustWait(index)) {
      waiting.push({ index, size: own, step });
      size += own + 1;
      if (size > MAX_WAITING) runWaiting();
      return;
    }
    step();
    if (waiting.length > 0 && !isUndecided(index)) runWaiting();
  }

  return { run, isIdle: () => waiting.length === 0 };
}
