import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";

/** Limits of one attempt in milliseconds; undefined: no limit. */
export interface AttemptLimits {
  readonly firstTokenMs: number | undefined;
  readonly idleMs: number | undefined;
  readonly attemptMs: number | undefined;
}

/** The timers of one attempt. `stop` must be called when the attempt ends. */
export interface AttemptTimers {
  /** Called when content or usage has arrived. */
  progress(now: number, content: boolean): void;
  /** The reader makes the provider wait, so silence does not count until the next progress. */
  hold(): void;
  stop(): void;
}

/**
 * Starts the timers of one attempt. If a limit is exceeded, `abort` gets the typed error. Progress starts no timer:
 * when the idle timer fires, it is scheduled again for the rest of the time since the last progress.
 */
export function startAttemptTimers(
  limits: AttemptLimits,
  clock: Clock,
  abort: (error: GatewayError) => void,
): AttemptTimers {
  let lastProgress = clock.now();
  let started = false;
  let held = false;
  let cancelSilence = (): void => {};
  let cancelAttempt = (): void => {};

  function watchIdle(afterMs: number, idleMs: number): void {
    cancelSilence = clock.schedule(afterMs, () => {
      const silentMs = held ? 0 : clock.now() - lastProgress;
      if (silentMs < idleMs) return watchIdle(idleMs - silentMs, idleMs);
      abort(new GatewayError("idle-timeout", `the provider was silent for ${idleMs} ms`));
    });
  }

  const { firstTokenMs, idleMs, attemptMs } = limits;
  if (firstTokenMs !== undefined) {
    cancelSilence = clock.schedule(firstTokenMs, () => {
      abort(new GatewayError("first-token-timeout", `no first token within ${firstTokenMs} ms`));
    });
  }
  if (attemptMs !== undefined) {
    cancelAttempt = clock.schedule(attemptMs, () => {
      const kind = started ? "idle-timeout" : "first-token-timeout";
      abort(new GatewayError(kind, `the attempt took longer than ${attemptMs} ms`));
    });
  }

  return {
    progress(now, content) {
      lastProgress = now;
      held = false;
      if (started || !content) return;
      started = true;
      cancelSilence();
      cancelSilence = () => {};
      if (idleMs !== undefined) watchIdle(idleMs, idleMs);
    },
    hold() {
      held = true;
    },
    stop() {
      cancelSilence();
      cancelAttempt();
    },
  };
}
