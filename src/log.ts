import type { Log } from "./domain/log-line.ts";

/** Most bytes of lines that wait for a slow reader of the log. Later lines are dropped and counted. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** A log on a stream: one JSON object with a time on each line. It never blocks the service. */
export interface BufferedLog {
  readonly log: Log;
  /** Counts a line of another process that was lost on its way to the stream. */
  countLost(): void;
  /** Passes all lines to the stream at once, at the end of the process. */
  flush(): void;
}

/**
 * Writes the lines of one turn of the event loop together. If the stream accepts no lines, because its reader is slow
 * or gone or its disk is full, lines are dropped. The next accepted line contains their number, and `onBroken`
 * receives the code of the first failure after a success. Each line names the `worker`, if this process is one.
 */
export function createLog(
  output: NodeJS.WriteStream,
  wallTime: () => number,
  onBroken: (code: string) => void,
  worker?: number,
): BufferedLog {
  let pending = "";
  /** Number of lines that are lost if `pending` is: its own lines, and dropped lines that it reports. */
  let atStake = 0;
  let scheduled = false;
  let dropped = 0;
  let isBroken = false;
  const mark = worker === undefined ? "" : `"worker":${worker},`;
  // Without a listener, an error of a write would end the process. Each write handles its own error.
  output.on("error", () => {});

  function flush(): void {
    scheduled = false;
    if (pending === "") return;
    const sent = atStake;
    output.write(pending, (error) => {
      if (error) dropped += sent;
      if (error && !isBroken) onBroken("code" in error ? String(error.code) : error.name);
      isBroken = Boolean(error);
    });
    pending = "";
    atStake = 0;
  }

  return {
    log(line) {
      if (output.writableLength + pending.length > MAX_PENDING_BYTES) {
        dropped++;
        return;
      }
      const time = new Date(wallTime()).toISOString();
      const more = dropped > 0 ? `"dropped_lines":${dropped},` : "";
      atStake += dropped + 1;
      dropped = 0;
      // The time is put before the fields of the line without copying them.
      pending += `{"time":"${time}",${mark}${more}${JSON.stringify(line).slice(1)}\n`;
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    countLost() {
      dropped++;
    },
    flush,
  };
}
