import type { JsonValue } from "./domain/json.ts";

/** Writes one line of JSON. */
export type Log = (line: Readonly<Record<string, JsonValue>>) => void;

/** Lines that wait for a slow reader of the log; later ones are dropped and counted. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** A log on a stream, one JSON object a line with its time. It never blocks the service. */
export function createLog(output: NodeJS.WritableStream, wallTime: () => number): Log {
  let dropped = 0;
  return (line) => {
    if ("writableLength" in output && Number(output.writableLength) > MAX_PENDING_BYTES) {
      dropped++;
      return;
    }
    const time = new Date(wallTime()).toISOString();
    const more = dropped > 0 ? { dropped_lines: dropped } : {};
    dropped = 0;
    output.write(`${JSON.stringify({ time, ...line, ...more })}\n`);
  };
}
