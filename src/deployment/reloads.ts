// Reloads of the configuration and its files, one at a time.
import type { Clock } from "../clock.ts";
import { ConfigError } from "../config/sources.ts";
import { TlsProblem } from "../config/tls-files.ts";
import type { Log } from "../domain/log-line.ts";

/** SIGHUP, or the kind of file whose content has changed. */
export type ReloadCause = "signal" | "api_key_file" | "provider_tls" | "tls";

/**
 * Milliseconds between two checks of the files' content. A file watch would miss changes: Kubernetes replaces a link
 * in the folder above the file, and network file systems report nothing. A check reads a few small files.
 */
const LOOK_EVERY_MS = 10_000;

const FILE_CAUSES = ["api_key_file", "provider_tls", "tls"] as const;

export interface ReloadsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Reads files again and applies changes; false: nothing has changed. A step that throws applies nothing. */
  readonly steps: Readonly<Record<ReloadCause, () => Promise<boolean>>>;
  /** Whether the configuration names files that can change. */
  readonly hasFiles: () => boolean;
}

/** Runs one step at a time. A cause that already waits is not added again. */
export class Reloads {
  readonly #options: ReloadsOptions;
  readonly #waiting = new Map<ReloadCause, Promise<void>>();
  /** The last message for each failing cause, so that checks do not repeat it. */
  readonly #failures = new Map<ReloadCause, string>();
  #last = Promise.resolve();
  #cancelLook: (() => void) | undefined;
  #isStopped = false;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** Resolves when a step for this cause that begins from now on has ended, with or without success. */
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

  /** Starts no more steps. Resolves when the running one has ended. */
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
      const message = reloadProblem(error);
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

/** Why a reload has failed, in words. Messages of other errors could contain the content of a file. */
export function reloadProblem(error: unknown): string {
  if (error instanceof ConfigError || error instanceof TlsProblem) return error.message;
  return `unexpected failure (${error instanceof Error ? error.name : typeof error})`;
}
