import type { Log, LogLine } from "./domain/log-line.ts";

/** Keeps lines until the first line of the log is written, which has the addresses. */
export class EarlyLines {
  readonly #log: Log;
  #lines: LogLine[] | undefined = [];

  constructor(log: Log) {
    this.#log = log;
  }

  readonly write: Log = (line) => {
    if (this.#lines === undefined) this.#log(line);
    else this.#lines.push(line);
  };

  end(): void {
    const lines = this.#lines ?? [];
    this.#lines = undefined;
    for (const line of lines) this.#log(line);
  }
}
