// A stream that was created, or may have been, although its call continued without the store.
import type { Clock } from "../clock.ts";
import { within } from "../store/store-health.ts";
import type { NewStream, WriterToken } from "./stream-record.ts";
import type { StreamStore } from "./stream-store.ts";

/** Longest wait in milliseconds for an answer. */
const ANSWER_MS = 2_000;

export interface UnusedStreamOptions {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly stream: NewStream;
  /** Encodes the second and last event of a stream that was created too late to be used. */
  readonly endUnstarted: () => Uint8Array;
}

/** The stream must not run or appear in lists, because its call ends separately. */
export interface UnusedStream {
  readonly token: WriterToken;
  /** Frees the key and deletes the stream. Rejects with `StoreUnavailable`. */
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
