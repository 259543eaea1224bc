/** Runs steps in the order of the blocks they belong to. */
export interface BlockOrder {
  /** Runs `step` now, or after earlier blocks that are undecided. `size`: UTF-16 units that the step holds. */
  run(index: number, size: number, step: () => void): void;
  /** Whether no step waits. */
  isIdle(): boolean;
}

/** Most text that waits for earlier blocks, in UTF-16 units. Beyond it, steps run out of order. */
const MAX_WAITING = 1024 * 1024;

/** `isUndecided`: whether an open block is no part yet and may still become one. */
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
