import type { FillCause } from "./stream-reader.ts";
import type { EndPhase } from "./stream-record.ts";
import type { AppendResult } from "./stream-store.ts";
import type { WriterLoss } from "./stream-writer-options.ts";

/** Is told of what happens; never of content. */
export interface StreamObserver {
  created(): void;
  /** `left`: this process writes it no longer, and it goes on or is lost. */
  ended(phase: EndPhase | "left"): void;
  readers(change: 1 | -1): void;
  appended(result: AppendResult["state"], events: number, waitedMs: number): void;
  filled(cause: FillCause): void;
  lost(loss: WriterLoss): void;
}
