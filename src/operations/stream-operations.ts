// Operations on stored streams for operators. Only callers can see their ephemeral streams.
import type {
  StreamFilter,
  StreamOperations,
  StreamPage,
  StreamPhase,
  StreamState,
} from "../domain/stream-states.ts";
import { streamExpired, streamNotFound } from "../streams/stream-errors.ts";
import type { ListQuery, StoredStream } from "../streams/stream-store.ts";
import { createStreamCleanup, type StreamDependencies } from "./stream-cleanup.ts";
import { decodePageToken, encodePageToken } from "./stream-page.ts";
import { stateOf } from "./stream-state.ts";

/** Longest wait for one answer of the store, in milliseconds. */
const OPERATOR_WAIT_MS = 5_000;

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;
/** Clients accept messages of 4 MiB. A page whose streams have many attempts or labels is shorter. */
const MAX_PAGE_BYTES = 1024 * 1024;
/** Answers of the store per page. If few streams match, the page is short although others follow. */
const MAX_STEPS = 5;
/** How long to wait for the end of a cancelled stream before it is shown, in milliseconds. */
const CANCEL_WAIT_MS = 1_000;
const CANCEL_POLL_MS = 20;

const STORED_PHASES: Readonly<Record<StreamPhase, ListQuery["phases"][number]>> = {
  pending: "running",
  running: "running",
  orphaned: "orphaned",
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

export function createStreamOperations(dependencies: StreamDependencies): StreamOperations {
  const { clock, log } = dependencies;
  const { store, health } = log;

  const show = (stream: StoredStream): StreamState =>
    stateOf(stream, log.readerCount(stream.streamId));

  /** Throws NOT_FOUND. */
  async function find(streamId: string): Promise<StoredStream> {
    const [stream] = await health.demand(OPERATOR_WAIT_MS, () => store.heads([streamId]));
    if (stream === undefined) throw streamNotFound(streamId);
    if (stream.expiredAt !== undefined) throw streamExpired(streamId);
    return stream;
  }

  async function list(
    filter: StreamFilter,
    pageSize: number,
    pageToken: string,
  ): Promise<StreamPage> {
    const size = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
    const phases = [...new Set(filter.phases.map((phase) => STORED_PHASES[phase]))];
    const streams: StreamState[] = [];
    let bytes = 0;
    let after = decodePageToken(filter, pageToken);
    for (let steps = 1; ; steps++) {
      const limit = size - streams.length + 1;
      const query: ListQuery = { ...filter, phases, limit, after };
      const found = await health.demand(OPERATOR_WAIT_MS, () => store.list(query));
      for (const stream of found.streams) {
        if (streams.length === size || bytes > MAX_PAGE_BYTES) {
          return { streams, nextToken: after === undefined ? "" : encodePageToken(filter, after) };
        }
        after = { createdAt: stream.createdAt, streamId: stream.streamId };
        const state = show(stream);
        // The store does not distinguish `pending` from `running`.
        if (filter.phases.length > 0 && !filter.phases.includes(state.phase)) continue;
        streams.push(state);
        bytes += stream.progress.details.length;
      }
      after = found.next;
      if (after === undefined) return { streams, nextToken: "" };
      if (steps === MAX_STEPS) return { streams, nextToken: encodePageToken(filter, after) };
    }
  }

  /** The stream when it has ended, or after the wait. */
  async function settled(stream: StoredStream): Promise<StoredStream> {
    const endsAt = clock.now() + CANCEL_WAIT_MS;
    let current = stream;
    while (current.phase === "running" && clock.now() < endsAt) {
      await clock.sleep(CANCEL_POLL_MS, new AbortController().signal);
      current = await find(stream.streamId);
    }
    return current;
  }

  return {
    list,
    get: async (streamId) => show(await find(streamId)),

    async cancel(streamId, note) {
      const before = await find(streamId);
      if (before.phase !== "running") return { cancelled: false, stream: show(before) };
      const marked = await health.demand(OPERATOR_WAIT_MS, () =>
        log.requestCancel(streamId, "operator", note),
      );
      if (marked === undefined) throw streamNotFound(streamId);
      const after = await settled(marked);
      // The stream can have ended by itself meanwhile.
      const isCancelled = after.phase === "running" || after.phase === "cancelled";
      const cancelled = before.cancel === undefined && isCancelled;
      return { cancelled, stream: show(after) };
    },

    cleanup: createStreamCleanup(dependencies),
  };
}
