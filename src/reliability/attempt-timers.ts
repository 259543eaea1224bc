import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";

/** Limits of one attempt in milliseconds; undefined means no such limit. */
export interface AttemptLimits {
  readonly firstTokenMs: number | undefined;
  readonly idleMs: number | undefined;
  readonly attemptMs: number | undefined;
}

/** Watches one attempt; `stop` must be called when it ends. */
export interface AttemptTimers {
  /** Content or usage has come. */
  progress(now: number, content: boolean): void;
  /** The reader holds the provider back: its silence does not count until the next progress. */
  hold(): void;
  stop(): void;
}

/**
 * Starts the timers of one attempt. When a limit passes, `abort` gets the typed
 * error. Progress costs no timer: the idle timer looks at the time of the last
 * progress when it fires, and goes on for the rest.
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
