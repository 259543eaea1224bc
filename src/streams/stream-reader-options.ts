import type { Clock } from "../clock.ts";
import type { Cursor } from "../domain/cursor.ts";
import type { ReaderDeadline } from "./reader-deadline.ts";
import type { StreamBus } from "./stream-bus.ts";
import type { StreamStore } from "./stream-store.ts";

/** Why a reader reads from the store. */
export type FillCause = "gap" | "writer" | "poll" | "overflow" | "left";

/** Receives the progress of one reader. */
export interface ReaderWatch {
  /** The first event after the cursor was accepted. */
  first(): void;
  /** Called once: with `undefined` at the end of the stream, otherwise with the error that ended the reading. */
  ended(error: unknown): void;
}

export interface ReaderOptions {
  readonly store: StreamStore;
  readonly bus: StreamBus;
  readonly clock: Clock;
  readonly streamId: string;
  readonly cursor: Cursor;
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** Unset: the caller set none. */
  readonly deadline?: ReaderDeadline | undefined;
  /** Longest silence before a heartbeat, in milliseconds; 0: no heartbeats. */
  readonly heartbeatMs: number;
  /** Whether this process writes the stream. */
  readonly isLocal: () => boolean;
  /** Called when the reader begins to receive the events of this process's writer. */
  readonly onListen: () => void;
  /** Whether an encoded event is the last of its stream. */
  readonly isTerminal: (event: Uint8Array) => boolean;
  readonly onFill: (cause: FillCause) => void;
  readonly watch: ReaderWatch | undefined;
  /** Called when the reader has left, at the end or before it. */
  readonly onLeave: () => void;
}
