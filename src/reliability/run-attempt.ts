import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import { type AttemptLimits, isContent, startAttemptTimers } from "./attempt-timers.ts";

export interface AttemptOptions {
  /** Sends the request; see `Provider.generate`. */
  readonly open: (signal: AbortSignal) => AsyncIterable<ProviderEvent>;
  /** Takes an event; a promise holds the provider back until it resolves. */
  readonly onEvent: (
    event: ProviderEvent,
    now: number,
    content: boolean,
  ) => Promise<void> | undefined;
  readonly limits: AttemptLimits;
  readonly clock: Clock;
  /** Ends the attempt; its reason is a `GatewayError`. */
  readonly signal: AbortSignal;
  /** It was aborted, and is read on without a reader. */
  readonly isDraining: () => boolean;
  /** Gets a function that ends this attempt alone. */
  readonly onStart?: (abort: (error: GatewayError) => void) => void;
}

/** Whatever an attempt threw, as the one error type. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError("internal", "internal error", { cause: error });
}

/** A reader or a store that lags must not hold up the end of an attempt. */
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
 * Runs one attempt to its end: resolves after the provider's `finish`, throws
 * `GatewayError` otherwise. A limit that passes or an abort ends it at once,
 * whatever the adapter is doing.
 */
export async function runAttempt(options: AttemptOptions): Promise<void> {
  const { clock, signal } = options;
  const attempt = new AbortController();
  const forward = (): void => attempt.abort(signal.reason);
  if (signal.aborted) forward();
  else signal.addEventListener("abort", forward);
  options.onStart?.((error) => attempt.abort(error));
  const timers = startAttemptTimers(options.limits, clock, (error) => attempt.abort(error));

  let finished = false;
  try {
    attempt.signal.throwIfAborted();
    for await (const event of options.open(attempt.signal)) {
      const now = clock.now();
      const content = isContent(event);
      if (content || event.type === "usage") timers.progress(now, content);
      if (event.type === "finish") {
        finished = true;
        // No limit of the provider's voids an answer that is there.
        timers.stop();
      }
      const wait = options.onEvent(event, now, content);
      if (wait !== undefined) {
        timers.hold();
        await orAborted(wait, attempt.signal);
        timers.progress(clock.now(), false);
        if (!options.isDraining()) attempt.signal.throwIfAborted();
      }
    }
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
