import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { pushItemsTo } from "../domain/push-iterable.ts";
import { type AttemptLimits, startAttemptTimers } from "./attempt-timers.ts";
import type { Sign } from "./engine-call.ts";

export interface AttemptOptions<Item> {
  /** Sends the request and yields the answer. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Item>;
  readonly signOf: (item: Item) => Sign;
  /** Accepts an item. A returned promise makes the provider wait until it resolves. */
  readonly onItem: (item: Item, now: number, content: boolean) => Promise<void> | undefined;
  readonly limits: AttemptLimits;
  readonly clock: Clock;
  /** Ends the attempt. Its reason is a `GatewayError`. */
  readonly signal: AbortSignal;
  /** Whether the attempt is read on without a reader after its abort. */
  readonly isDraining: () => boolean;
  /** Receives a function that ends only this attempt. */
  readonly onStart?: (abort: (error: GatewayError) => void) => void;
}

/** Converts any thrown value to `GatewayError`. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError("internal", "internal error", { cause: error });
}

/** A slow reader or store must not delay the end of an attempt. */
function orAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    wait.then(done, reject);
  });
}

/**
 * Runs one attempt to its end: resolves after the item that ends the answer, throws `GatewayError` otherwise. An
 * exceeded limit or an abort ends the attempt at once, whatever the adapter does.
 */
export async function runAttempt<Item>(options: AttemptOptions<Item>): Promise<void> {
  const { clock, signal } = options;
  const attempt = new AbortController();
  const forward = (): void => attempt.abort(signal.reason);
  if (signal.aborted) forward();
  else signal.addEventListener("abort", forward);
  options.onStart?.((error) => attempt.abort(error));
  const timers = startAttemptTimers(options.limits, clock, (error) => attempt.abort(error));

  async function held(wait: Promise<void>): Promise<void> {
    timers.hold();
    await orAborted(wait, attempt.signal);
    timers.progress(clock.now(), false);
    if (!options.isDraining()) attempt.signal.throwIfAborted();
  }

  let finished = false;
  try {
    attempt.signal.throwIfAborted();
    await pushItemsTo(options.open(attempt.signal), (item) => {
      const now = clock.now();
      const sign = options.signOf(item);
      const content = sign === "content";
      if (content || sign === "progress") timers.progress(now, content);
      else if (sign === "end") {
        finished = true;
        // The answer is complete, so no limit applies to the provider any more.
        timers.stop();
      }
      const wait = options.onItem(item, now, content);
      return wait === undefined ? undefined : held(wait);
    });
    attempt.signal.throwIfAborted();
  } catch (error) {
    throw toGatewayError(attempt.signal.aborted ? attempt.signal.reason : error);
  } finally {
    timers.stop();
    signal.removeEventListener("abort", forward);
  }
  if (!finished) {
    throw new GatewayError("truncated", "the provider's answer ended without its end marker");
  }
}
