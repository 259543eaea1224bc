// A stream that was created, or may be, although its call has gone on without the store.
import type { Clock } from "../clock.ts";
import { within } from "../store/store-health.ts";
import type { NewStream, WriterToken } from "./stream-record.ts";
import type { StreamStore } from "./stream-store.ts";

/** Longest wait for an answer. */
const ANSWER_MS = 2_000;

export interface UnusedStreamOptions {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly stream: NewStream;
  /** The second and last event of a stream that began too late to be used. */
  readonly endUnstarted: () => Uint8Array;
}

/** It is not to be run, and to be in no list: its call has an end of its own. */
export interface UnusedStream {
  readonly token: WriterToken;
  /** Frees its key, and leaves nothing of it. Rejects with `StoreUnavailable`. */
  readonly end: () => Promise<void>;
}

export function unusedStream(options: UnusedStreamOptions): UnusedStream {
  const { store, clock, stream, endUnstarted } = options;
  const { streamId, token } = stream;
  return {
    token,
    async end() {
      const append = store.append({
        streamId,
        token,
        batch: { first: 2, last: 2, writer: token.nonce, events: [endUnstarted()] },
        firstContent: 0,
        ending: { phase: "failed", freesKey: true, isUnused: true },
        progress: undefined,
      });
      await within(clock, ANSWER_MS, append);
    },
  };
}
