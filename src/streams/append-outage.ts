// Sending of an append, and its repetition while the store is away.
import type { Clock } from "../clock.ts";
import type { Append, AppendResult, StreamStore } from "./stream-store.ts";

/** Waits between tries while the store is away, in milliseconds. They grow up to half a second. */
const MIN_RETRY_MS = 10;
const MAX_RETRY_MS = 500;
/** A writer's waits are short and need no abort. */
const NEVER = new AbortController().signal;

/** The wait after try number `tries`, counted from 0. */
export function pauseAfter(clock: Clock, tries: number): Promise<void> {
  const longest = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** tries);
  return clock.sleep(MIN_RETRY_MS + clock.random() * longest, NEVER);
}

/** A store that answers synchronously can also throw synchronously. Both kinds of refusal become a rejection. */
export function sendTo(store: StreamStore, append: Append): AppendResult | Promise<AppendResult> {
  try {
    return store.append(append);
  } catch (error) {
    return Promise.reject(error);
  }
}

type Step = readonly [afterMs: number | undefined, act: () => void];

/**
 * Calls each step after an outage of its duration; undefined or infinite: never. Returns a function that stops the
 * watch.
 */
export function watchOutage(clock: Clock, steps: readonly Step[]): () => void {
  const stops = steps.flatMap(([afterMs, act]) =>
    afterMs !== undefined && Number.isFinite(afterMs) ? [clock.schedule(afterMs, act)] : [],
  );
  return () => {
    for (const stop of stops) stop();
  };
}
