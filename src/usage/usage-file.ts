// Usage records as lines of JSON in a file.
import { createWriteStream, type WriteStream } from "node:fs";
import type { Clock } from "../clock.ts";
import { encodeUsageRecord, type UsageSink } from "./usage-sink.ts";

/** Most bytes that wait for a slow disk. Later lines are dropped and counted. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
/** After a failure, the first record after this wait tries the file again. */
const RETRY_MS = 5_000;
const CLOSE_MS = 1_000;

export interface UsageFileOptions {
  readonly clock: Clock;
  /** Undefined: records are not written. */
  readonly path: string | undefined;
  /** Called once for each failure of the file. */
  readonly onFailure: (code: string) => void;
  /** Called for each lost record. */
  readonly onDropped: () => void;
  readonly maxPendingBytes?: number;
}

/**
 * Appends to a file without delaying anybody. Records that the disk cannot absorb are dropped, and the next line
 * counts them. `reopen` switches to the current file of the path, or to another path.
 */
export class UsageFile implements UsageSink {
  readonly #options: UsageFileOptions;
  readonly #maxPendingBytes: number;
  #path: string | undefined;
  #stream: WriteStream | undefined;
  #failedAt: number | undefined;
  /** Lost records that no line has reported yet. */
  #untold = 0;

  constructor(options: UsageFileOptions) {
    this.#options = options;
    this.#maxPendingBytes = options.maxPendingBytes ?? MAX_PENDING_BYTES;
    this.#path = options.path;
  }

  record(record: Parameters<UsageSink["record"]>[0]): void {
    if (this.#path === undefined) return;
    const stream = this.#open(this.#path);
    if (stream === undefined || stream.writableLength > this.#maxPendingBytes) {
      this.#drop();
      return;
    }
    const time = Math.round(this.#options.clock.wallTime());
    const told = this.#untold;
    const more = told > 0 ? { dropped_records: told } : undefined;
    this.#untold = 0;
    const line = `${JSON.stringify({ time_ms: time, ...encodeUsageRecord(record), ...more })}\n`;
    stream.write(line, (error) => {
      if (!error) return;
      // This line was lost, so its count is pending again.
      this.#untold += told;
      this.#drop();
    });
  }

  reopen(path: string | undefined): void {
    this.#stream?.end();
    this.#stream = undefined;
    this.#failedAt = undefined;
    this.#path = path;
  }

  /** Resolves when everything is written, or after a time limit. */
  async close(): Promise<void> {
    const stream = this.#stream;
    this.#path = undefined;
    if (stream === undefined) return;
    const written = new Promise<void>((resolve) => void stream.once("close", resolve));
    stream.end();
    const given = new AbortController();
    const late = this.#options.clock.sleep(CLOSE_MS, given.signal).catch(() => {});
    await Promise.race([written, late]);
    given.abort();
  }

  #drop(): void {
    this.#untold++;
    this.#options.onDropped();
  }

  #open(path: string): WriteStream | undefined {
    if (this.#stream !== undefined) return this.#stream;
    const { clock, onFailure } = this.#options;
    if (this.#failedAt !== undefined && clock.now() - this.#failedAt < RETRY_MS) return undefined;
    const stream = createWriteStream(path, { flags: "a" });
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#failedAt = clock.now();
      onFailure(error.code ?? error.name);
    });
    this.#stream = stream;
    return stream;
  }
}
