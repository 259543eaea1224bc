// Whole lines of a worker's standard output, passed on to the primary's.
import type { Readable, Writable } from "node:stream";

const LINE_END = 0x0a;
/** Longest line in bytes. The log writes no such line, so a longer one is dropped. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

export interface LineForwarderOptions {
  readonly from: Readable;
  readonly to: Writable;
  /** Called for a line that the end of the process has cut, or that is too long. */
  readonly onDropped: () => void;
}

/**
 * Begins to pass lines on. Writes of several processes to one pipe would be torn. While `to` is slow, nothing is read,
 * so that the worker's log drops and counts its lines itself.
 */
export function forwardLines({ from, to, onDropped }: LineForwarderOptions): void {
  let parts: Buffer[] = [];
  let bytes = 0;

  function keep(part: Buffer): void {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_LINE_BYTES) parts = [];
  }

  function flush(end: Buffer): void {
    const isWhole = bytes <= MAX_LINE_BYTES;
    if (!isWhole) onDropped();
    const text = isWhole ? Buffer.concat([...parts, end]) : end.subarray(end.indexOf(LINE_END) + 1);
    parts = [];
    bytes = 0;
    if (text.length === 0 || to.write(text)) return;
    from.pause();
    to.once("drain", () => from.resume());
  }

  from.on("data", (chunk: Buffer) => {
    const end = chunk.lastIndexOf(LINE_END) + 1;
    if (end > 0) flush(chunk.subarray(0, end));
    if (end < chunk.length) keep(chunk.subarray(end));
  });
  from.once("end", () => {
    if (bytes > 0) onDropped();
  });
  // The process has ended: `end` follows.
  from.on("error", () => {});
}
