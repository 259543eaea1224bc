// Options and events of a stream's writer.
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
  /** The store has lost the whole stream, or events that this writer does not have. */
  | "lost"
  /** The store was away for too long. */
  | "unavailable";

export interface StreamWriterOptions {
  readonly store: StreamStore;
  readonly bus: StreamBus;
  readonly clock: Clock;
  readonly streamId: string;
  readonly token: WriterToken;
  /** Sequence of the last event that is already stored. */
  readonly tail: number;
  /** How the stream was created; set if this writer wrote it from its first event. */
  readonly created: NewStream | undefined;
  /** Longest outage of the store, in milliseconds, before events are shown unstored; undefined: never. */
  readonly showUnstoredAfterMs: number | undefined;
  /** Longest outage of the store, in milliseconds, before the writer gives up. */
  readonly giveUpAfterMs: number;
  readonly maxBytes: number;
  readonly maxEvents: number;
  readonly onCancel: (reason: CancelReason) => void;
  /** An append failed and will be tried again. */
  readonly onOutage: (trouble: StoreTrouble) => void;
  /** The stream has reached a limit of its own and must end. */
  readonly onFull: () => void;
  readonly onLoss: (loss: WriterLoss) => void;
  readonly onAppended: (result: AppendResult["state"], events: number, waitedMs: number) => void;
}

export interface EventFacts {
  readonly isContent: boolean;
  readonly ending?: Ending;
  readonly progress?: StreamProgress;
}
