// When the configuration and the files beside it are read again, and in which order.
import type { Clock } from "../clock.ts";
import { ConfigError } from "../config/sources.ts";
import { TlsProblem } from "../config/tls-files.ts";
import type { Log } from "../domain/log-line.ts";

/** SIGHUP, or the kind of file whose content has changed. */
export type ReloadCause = "signal" | "api_key_file" | "provider_tls" | "tls";

/**
 * Files are looked at by their content. Kubernetes changes a secret by a link in the folder above
 * the file, and network file systems tell of no change, so that a watch of the file would miss
 * both. A look reads a few small files.
 */
const LOOK_EVERY_MS = 10_000;

const FILE_CAUSES = ["api_key_file", "provider_tls", "tls"] as const;

export interface ReloadsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Reads again and takes over what has changed; false: nothing has. A step that throws takes over nothing. */
  readonly steps: Readonly<Record<ReloadCause, () => Promise<boolean>>>;
  /** The configuration names files that can change. */
  readonly hasFiles: () => boolean;
}

/** Runs one step at a time. A cause that waits already is not added a second time. */
export class Reloads {
  readonly #options: ReloadsOptions;
  readonly #waiting = new Map<ReloadCause, Promise<void>>();
  /** What was said last of a cause that fails; each look would say it again. */
  readonly #failures = new Map<ReloadCause, string>();
  #last = Promise.resolve();
  #cancelLook: (() => void) | undefined;
  #isStopped = false;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** Resolves when a step for this cause that begins after now has ended, well or not. */
  request(cause: ReloadCause): Promise<void> {
    const waiting = this.#waiting.get(cause);
    if (waiting !== undefined) return waiting;
    const step = this.#last.then(async () => {
      this.#waiting.delete(cause);
      if (!this.#isStopped) await this.#run(cause);
    });
    this.#waiting.set(cause, step);
    this.#last = step;
    return step;
  }

  /** Begins no more steps; resolves when the one that runs has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelLook?.();
    await this.#last;
  }

  async #run(cause: ReloadCause): Promise<void> {
    const { steps, log } = this.#options;
    try {
      const hasChanged = await steps[cause]();
      this.#failures.delete(cause);
      if (hasChanged) log({ event: "reloaded", cause });
    } catch (error) {
      const message = messageOf(error);
      if (cause === "signal" || this.#failures.get(cause) !== message) {
        log({ event: "reload failed", cause, message });
      }
      this.#failures.set(cause, message);
    }
    this.#lookLater();
  }

  #lookLater(): void {
    const { clock, hasFiles } = this.#options;
    if (this.#isStopped || this.#cancelLook !== undefined || !hasFiles()) return;
    this.#cancelLook = clock.schedule(LOOK_EVERY_MS, () => {
      this.#cancelLook = undefined;
      for (const cause of FILE_CAUSES) void this.request(cause);
    });
  }
}

/** Messages of other errors could hold what a file holds. */
function messageOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof TlsProblem) return error.message;
  return `unexpected failure (${error instanceof Error ? error.name : typeof error})`;
}
