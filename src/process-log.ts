import type { Writable } from "node:stream";
import { systemClock } from "./clock.ts";
import { describeDefect } from "./domain/defect.ts";
import { type BufferedLog, createLog } from "./log.ts";

export interface ProcessLog extends BufferedLog {
  /** Writes an error to standard error. */
  say(message: string): void;
  /** The stream of the log. */
  readonly output: Writable;
}

/** The log of this process, on its standard output. `worker`: its position among the workers, if it is one. */
export function createProcessLog(worker?: number): ProcessLog {
  const name = worker === undefined ? "steer" : `steer: worker ${worker}`;
  const say = (message: string): void => void process.stderr.write(`${name}: ${message}\n`);
  // If nobody reads standard error, the process must not end.
  process.stderr.on("error", () => {});
  const { log, countLost, flush } = createLog(
    process.stdout,
    systemClock.wallTime,
    (code) => say(`standard output takes no lines (${code}): they are dropped and counted`),
    worker,
  );
  // A defect in one call must not end other calls. Its message stays out of the log.
  process.on("unhandledRejection", (error) => {
    log({ event: "defect", ...describeDefect(error) });
  });
  return { log, countLost, flush, say, output: process.stdout };
}
