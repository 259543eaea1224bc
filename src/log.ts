import type { Log } from "./domain/log-line.ts";

/** Lines that wait for a slow reader of the log; later ones are dropped and counted. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** A log on a stream, one JSON object a line with its time. It never blocks the service. */
export interface BufferedLog {
  readonly log: Log;
  /** Hands everything to the stream at once; for the end of the process. */
  flush(): void;
}

/**
 * Lines of one turn of the event loop go out in one write. Lines that a stream does not take, since
 * its reader is slow or gone or its disk is full, are dropped; the next one that it takes says how
 * many, and `onBroken` hears of the first failure behind a success with its code.
 */
export function createLog(
  output: NodeJS.WriteStream,
  wallTime: () => number,
  onBroken: (code: string) => void,
): BufferedLog {
  let pending = "";
  /** Lines that are lost where `pending` is: its own, and those that its lines tell of. */
  let atStake = 0;
  let scheduled = false;
  let dropped = 0;
  let isBroken = false;
  // Without a listener the error of a write ends the process. Each write hears of its own.
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
      // In front of the fields of the line, without a copy of them.
      pending += `{"time":"${time}",${more}${JSON.stringify(line).slice(1)}\n`;
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    flush,
  };
}
