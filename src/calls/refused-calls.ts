import type { Clock } from "../clock.ts";
import type { LineFields, Log } from "../domain/log-line.ts";

type CallLine = LineFields<"call">;

/** Lines per window for refused calls of one caller with one reason. */
const MAX_LINES = 10;
const WINDOW_MS = 10_000;

/** Refused calls of one caller with one reason since the window began. */
interface Refusals {
  readonly first: CallLine;
  readonly since: number;
  lines: number;
  leftOut: number;
}

/**
 * Limits the log lines of refused calls, because a flood of them would fill a disk. Of similar calls, the first
 * have a line each; one line at the end of the window counts the others. The number of callers and reasons is
 * bounded: both come from the service, not from requests.
 */
export class RefusedCalls {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #windows = new Map<string, Refusals>();
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  write(line: CallLine): void {
    const key = `${line.caller ?? ""} ${line.code} ${line.reason ?? ""}`;
    let refusals = this.#windows.get(key);
    if (refusals === undefined) {
      refusals = { first: line, since: this.#clock.now(), lines: 0, leftOut: 0 };
      this.#windows.set(key, refusals);
      this.#endLater(WINDOW_MS);
    }
    if (refusals.lines === MAX_LINES) {
      refusals.leftOut++;
      return;
    }
    refusals.lines++;
    this.#log({ event: "call", ...line });
  }

  /** Writes the pending counts at once, for the end of the process. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const refusals of this.#windows.values()) this.#tell(refusals);
    this.#windows.clear();
  }

  #endLater(ms: number): void {
    this.#cancelTimer ??= this.#clock.schedule(ms, () => {
      this.#cancelTimer = undefined;
      this.#endWindows();
    });
  }

  /** The map is ordered by time, the oldest window first. */
  #endWindows(): void {
    for (const [key, refusals] of this.#windows) {
      const leftMs = refusals.since + WINDOW_MS - this.#clock.now();
      if (leftMs > 0) return this.#endLater(leftMs);
      this.#windows.delete(key);
      this.#tell(refusals);
    }
  }

  #tell({ first, since, leftOut }: Refusals): void {
    if (leftOut === 0) return;
    const { code, error = "", reason = "", caller } = first;
    const seconds = Math.round((this.#clock.now() - since) / 100) / 10;
    const about = { code, error, reason, ...(caller !== undefined && { caller }) };
    this.#log({ event: "calls left out", ...about, calls: leftOut, seconds });
  }
}
