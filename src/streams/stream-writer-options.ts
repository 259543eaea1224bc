// What a writer of a stream is told, and what it tells.
import type { Clock } from "../clock.ts";
import type { StoreTrouble } from "../store/store-trouble.ts";
import type { StreamBus } from "./stream-bus.ts";
import type {
  CancelReason,
  Ending,
  NewStream,
  StreamProgress,
  WriterToken,
} from "./stream-record.ts";
import type { AppendResult, StreamStore } from "./stream-store.ts";

/** Why a writer stopped before its last event was stored. */
export type WriterLoss =
  /** Another replica owns the stream. */
  | "fenced"
  /** The store has lost events that this writer does not have, or the whole stream. */
  | "lost"
  /** The store was away for too long. */
  | "unavailable";

export interface StreamWriterOptions {
  readonly store: StreamStore;
  readonly bus: StreamBus;
  readonly clock: Clock;
  readonly streamId: string;
  readonly token: WriterToken;
  /** Sequence of the last event that is stored already. */
  readonly tail: number;
  /** How the stream was created, where this writer wrote it from its first event on. */
  readonly created: NewStream | undefined;
  /** Longest time without the store before events are shown unstored; undefined: never shown so. */
  readonly showUnstoredAfterMs: number | undefined;
  /** Longest time without the store before the writer gives up. */
  readonly giveUpAfterMs: number;
  readonly maxBytes: number;
  readonly maxEvents: number;
  readonly onCancel: (reason: CancelReason) => void;
  /** An append did not go through, and is tried again. */
  readonly onOutage: (trouble: StoreTrouble) => void;
  /** The stream has reached a bound of its own: it must end. */
  readonly onFull: () => void;
  readonly onLoss: (loss: WriterLoss) => void;
  readonly onAppended: (result: AppendResult["state"], events: number, waitedMs: number) => void;
}

export interface EventFacts {
  readonly isContent: boolean;
  readonly ending?: Ending;
  readonly progress?: StreamProgress;
}
