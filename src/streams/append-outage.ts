// How an append is sent, and repeated while its store is away.
import type { Clock } from "../clock.ts";
import type { Append, AppendResult, StreamStore } from "./stream-store.ts";

/** Waits between tries while the store is away: they grow to half a second. */
const MIN_RETRY_MS = 10;
const MAX_RETRY_MS = 500;
/** The waits of a writer are short and end by themselves. */
const NEVER = new AbortController().signal;

/** The wait behind the try of this number, from 0. */
export function pauseAfter(clock: Clock, tries: number): Promise<void> {
  const longest = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** tries);
  return clock.sleep(MIN_RETRY_MS + clock.random() * longest, NEVER);
}

/** A store that answers at once can also refuse at once: both refusals are one. */
export function sendTo(store: StreamStore, append: Append): AppendResult | Promise<AppendResult> {
  try {
    return store.append(append);
  } catch (error) {
    return Promise.reject(error);
  }
}

type Step = readonly [afterMs: number | undefined, act: () => void];

/** What is done when an outage has lasted for so long; undefined or infinite: never. Returns the way to stop it. */
export function watchOutage(clock: Clock, steps: readonly Step[]): () => void {
  const stops = steps.flatMap(([afterMs, act]) =>
    afterMs !== undefined && Number.isFinite(afterMs) ? [clock.schedule(afterMs, act)] : [],
  );
  return () => {
    for (const stop of stops) stop();
  };
}
