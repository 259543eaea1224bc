import type { CallTelemetry } from "./call-telemetry.ts";

/** Events of stored streams. Every text is a word from a small set. */
export interface StreamTelemetry {
  created(): void;
  ended(phase: string): void;
  /** Result of a reader that started at a cursor, at its end. */
  resumed(result: string): void;
  /** Milliseconds from such a reader's call to its first event. */
  resumeLatency(ms: number): void;
  readers(change: 1 | -1): void;
  /** A reader has read events from the store that were not pushed to it. */
  filled(cause: string): void;
  /** `waitedMs`: milliseconds from the batch's first event to its acknowledgement. */
  appended(result: string, events: number, waitedMs: number): void;
  /** A writer stopped before the end of its stream. */
  lost(cause: string): void;
  degraded(isDown: boolean): void;
  reaped(streams: number): void;
  /** A takeover. `gapMs`: milliseconds since the previous owner's last event. */
  takenOver(result: string, gapMs: number): void;
  /** The span around the attempts of a stream that was taken over. */
  startTakeover(info: { readonly epoch: number }): CallTelemetry;
}

export const noStreamTelemetry: StreamTelemetry = {
  created: () => {},
  ended: () => {},
  resumed: () => {},
  resumeLatency: () => {},
  readers: () => {},
  filled: () => {},
  appended: () => {},
  lost: () => {},
  degraded: () => {},
  reaped: () => {},
  takenOver: () => {},
  startTakeover: () => ({ end: () => {} }),
};
