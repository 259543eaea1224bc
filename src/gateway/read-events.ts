import type { Clock } from "../clock.ts";
import type { Cursor } from "../domain/cursor.ts";
import { within } from "../store/store-health.ts";
import type { StreamStore } from "../streams/stream-store.ts";

/** Longest wait for one answer of the store, in milliseconds, and the most batches in it. */
const ANSWER_MS = 1_000;
const READ_LIMIT = 256;

/** The encoded events of a stored stream from the first one on; fewer if the stream is gone. Throws as its store does. */
export async function* readEvents(
  clock: Clock,
  store: StreamStore,
  streamId: string,
): AsyncGenerator<Uint8Array, void> {
  let cursor: Cursor = { sequence: 0, writer: 0 };
  for (;;) {
    const read = await within(clock, ANSWER_MS, store.read(streamId, cursor, READ_LIMIT));
    if (read.state !== "read") return;
    for (const { events, last, writer } of read.batches) {
      yield* events;
      cursor = { sequence: last, writer };
    }
    if (!read.hasMore) return;
  }
}
