import type { FillCause } from "./stream-reader-options.ts";
import type { EndPhase } from "./stream-record.ts";
import type { AppendResult } from "./stream-store.ts";
import type { WriterLoss } from "./stream-writer-options.ts";

/** Receives events about streams, never content. */
export interface StreamObserver {
  created(): void;
  /** `left`: this process no longer writes the stream, which continues elsewhere or is lost. */
  ended(phase: EndPhase | "left"): void;
  readers(change: 1 | -1): void;
  appended(result: AppendResult["state"], events: number, waitedMs: number): void;
  filled(cause: FillCause): void;
  lost(loss: WriterLoss): void;
}
