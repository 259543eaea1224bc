import type { JsonValue } from "./domain/json.ts";

/** Writes one line of JSON. */
export type Log = (line: Readonly<Record<string, JsonValue>>) => void;

/** Lines that wait for a slow reader of the log; later ones are dropped and counted. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** A log on a stream, one JSON object a line with its time. It never blocks the service. */
export interface BufferedLog {
  readonly log: Log;
  /** Hands everything to the stream at once; for the end of the process. */
  flush(): void;
}

/** Lines of one turn of the event loop go out in one write. */
export function createLog(output: NodeJS.WriteStream, wallTime: () => number): BufferedLog {
  let pending = "";
  let scheduled = false;
  let dropped = 0;

  function flush(): void {
    scheduled = false;
    if (pending === "") return;
    output.write(pending);
    pending = "";
  }

  return {
    log(line) {
      if (output.writableLength + pending.length > MAX_PENDING_BYTES) {
        dropped++;
        return;
      }
      const time = new Date(wallTime()).toISOString();
      const more = dropped > 0 ? `"dropped_lines":${dropped},` : "";
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
