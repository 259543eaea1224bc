import type { Clock } from "../clock.ts";
import type { LineFields, Log } from "../domain/log-line.ts";

type CallLine = LineFields<"call">;

/** So many refused calls of one caller and one reason have a line each, in so long. */
const MAX_LINES = 10;
const WINDOW_MS = 10_000;

/** The calls of one caller that were refused for one reason, since the window began. */
interface Refusals {
  readonly first: CallLine;
  readonly since: number;
  lines: number;
  leftOut: number;
}

/**
 * The lines of calls that are refused. A flood of them would fill a disk: of those that are alike the
 * first have a line each, and at the end of the window one line says how many were left out. Callers and
 * reasons are few, since both are the service's own words.
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

  /** Says at once what was left out; for the end of the process. */
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

  /** The oldest come first. */
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
