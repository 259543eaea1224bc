/** From `startMs` up to, and without, `endMs`: milliseconds since the epoch. */
export interface Period {
  readonly startMs: number;
  /** Infinite for `total`. */
  readonly endMs: number;
}

const TOTAL: Period = { startMs: 0, endMs: Number.POSITIVE_INFINITY };

/**
 * The period of a moment by the borders of periods, which `SpendPeriods` computes; without borders all time is one period.
 * Beyond the borders the periods go on with the length of the first one: the clock of a replica can differ from the store's.
 */
export function periodAt(borders: readonly number[], now: number): Period {
  const [first, second] = borders;
  if (first === undefined || second === undefined) return TOTAL;
  for (let place = borders.length - 2; place >= 0; place--) {
    const startMs = borders[place] ?? 0;
    const endMs = borders[place + 1] ?? 0;
    if (now >= startMs && now < endMs) return { startMs, endMs };
  }
  const lengthMs = second - first;
  const startMs = first + Math.floor((now - first) / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs };
}
