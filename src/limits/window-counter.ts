// Counts amounts in a sliding window, in sub-buckets. The error is on the strict side: an event counts for the
// window and for up to one sub-bucket more, and never for less. Pure functions, except that a state is changed in place.

/** Sub-buckets of a window. */
const BUCKETS = 60;

/** Sub-buckets with their amounts, alternately and in rising order: bucket, amount, bucket, amount. */
export type WindowState = number[];

function bucketMsOf(windowMs: number): number {
  return Math.ceil(windowMs / BUCKETS);
}

/** Milliseconds from now until the sub-bucket counts no more. */
function leavesIn(bucket: number, now: number, windowMs: number): number {
  return (bucket + 1) * bucketMsOf(windowMs) + windowMs - now;
}

/**
 * Drops sub-buckets that no longer count. Sub-buckets far in the future are dropped too: a clock that jumped back must not
 * block a counter.
 */
export function dropOld(state: WindowState, now: number, windowMs: number): void {
  const counts = (bucket: number): boolean => {
    const leaves = leavesIn(bucket, now, windowMs);
    return leaves > 0 && leaves <= 3 * windowMs;
  };
  // In rising order the first and the last one speak for those between.
  if (counts(state[0] ?? 0) && counts(state.at(-2) ?? 0)) return;
  let kept = 0;
  for (let place = 0; place < state.length; place += 2) {
    const bucket = state[place] ?? 0;
    if (!counts(bucket)) continue;
    state[kept++] = bucket;
    state[kept++] = state[place + 1] ?? 0;
  }
  state.length = kept;
}

export function sumOf(state: WindowState): number {
  let sum = 0;
  for (let place = 1; place < state.length; place += 2) sum += state[place] ?? 0;
  return sum;
}

/** Counts an amount now. Returns its sub-bucket. */
export function add(state: WindowState, now: number, windowMs: number, amount: number): number {
  const bucket = Math.floor(now / bucketMsOf(windowMs));
  const last = state.at(-2);
  // After a small step back of the clock the amount counts in the last sub-bucket: longer, and never shorter.
  if (last !== undefined && last >= bucket) {
    state[state.length - 1] = (state.at(-1) ?? 0) + amount;
    return last;
  }
  state.push(bucket, amount);
  return bucket;
}

/** Subtracts an amount from a sub-bucket that still counts. */
export function giveBack(state: WindowState, bucket: number, amount: number): void {
  for (let place = 0; place < state.length; place += 2) {
    if (state[place] !== bucket) continue;
    state[place + 1] = Math.max(0, (state[place + 1] ?? 0) - amount);
    return;
  }
}

/** Milliseconds until that amount no longer counts; undefined: the counter has less. */
export function waitFor(
  state: WindowState,
  now: number,
  windowMs: number,
  amount: number,
): number | undefined {
  let freed = 0;
  for (let place = 0; place < state.length; place += 2) {
    freed += state[place + 1] ?? 0;
    if (freed >= amount) return leavesIn(state[place] ?? 0, now, windowMs);
  }
  return undefined;
}

/** Milliseconds until the counter is empty. */
export function emptyIn(state: WindowState, now: number, windowMs: number): number {
  const last = state.at(-2);
  return last === undefined ? 0 : leavesIn(last, now, windowMs);
}
