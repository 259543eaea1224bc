import type { CallTelemetry } from "./call-telemetry.ts";

/** What happens to stored streams; every text is a word of few values. */
export interface StreamTelemetry {
  created(): void;
  ended(phase: string): void;
  /** A reader that asked for what follows a cursor has ended so, before its first event or later. */
  resumed(result: string): void;
  /** From such a reader's call to its first event. */
  resumeLatency(ms: number): void;
  readers(change: 1 | -1): void;
  /** A reader has asked the store for what was not pushed to it. */
  filled(cause: string): void;
  /** `waitedMs`: from the first event of the batch to its acknowledgement. */
  appended(result: string, events: number, waitedMs: number): void;
  /** A writer has stopped before the end of its stream. */
  lost(cause: string): void;
  degraded(isDown: boolean): void;
  reaped(streams: number): void;
  /** A generation that no call began here; `gapMs` since the last event of the owner before. */
  takenOver(result: string, gapMs: number): void;
  /** The span under which the attempts of a stream that was taken over stand. */
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
