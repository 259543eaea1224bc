import type { SqliteEngine } from "../../store/sqlite/engine.ts";
import { sizeOf } from "../batches.ts";
import { packEvents, unpackEvents } from "../packed-events.ts";
import type { StreamProgress } from "../stream-record.ts";
import type { StreamStore } from "../stream-store.ts";
import type { CleanupPart, StreamCalls } from "./stream-calls.ts";

/** The bytes in a buffer of their own, which can be sent to the thread without the rest of a pool. */
function whole(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

function wholeProgress({ provider, details }: StreamProgress): StreamProgress {
  return { provider, details: whole(details) };
}

/** The stream store of a SQLite file. `thread.ts` is its counterpart in the thread. */
export function createSqliteStreamStore(engine: SqliteEngine): StreamStore {
  const link = engine.tenant<StreamCalls>(new URL("./thread.ts", import.meta.url));
  return {
    capabilities: engine.capabilities,
    subscribe: undefined,
    ...engine.sessions.calls,
    check: () => link.call("check"),

    create(stream) {
      const { start, request, progress } = stream;
      return link.call("create", {
        ...stream,
        start: whole(start),
        request: request === undefined ? undefined : whole(request),
        progress: wholeProgress(progress),
      });
    },
    append({ streamId, token, batch, firstContent, ending, progress }) {
      const { first, last, writer, events } = batch;
      return link.call("append", {
        streamId,
        token,
        batch: { first, last, writer, events: packEvents(events) },
        bytes: sizeOf(events),
        firstContent,
        ending,
        progress: progress === undefined ? undefined : wholeProgress(progress),
      });
    },
    async read(streamId, cursor, limit) {
      const answer = await link.call("read", streamId, cursor, limit);
      if (answer.state !== "read") return answer;
      const batches = answer.batches.map(({ events, ...batch }) => ({
        ...batch,
        events: unpackEvents(events),
      }));
      return { ...answer, batches };
    },
    touchReaders: (streamIds) => link.call("touchReaders", streamIds),

    find: (caller, requestId) => link.call("find", caller, requestId),
    heads: (streamIds) => link.call("heads", streamIds),
    requestCancel: (streamId, reason) => link.call("requestCancel", streamId, reason),

    orphans: (limit) => link.call("orphans", limit),
    claim: (streamId, expectedEpoch, next) => link.call("claim", streamId, expectedEpoch, next),
    handOff: (streamId, token, cause) => link.call("handOff", streamId, token, cause),
    loadRequest: (streamId) => link.call("loadRequest", streamId),

    list: (query) => link.call("list", query),
    async reap(tombstoneMs, limit) {
      let expired = 0;
      for (let left = limit; left > 0; ) {
        const part = await link.call("reap", tombstoneMs, left);
        expired += part.expired;
        left -= Math.max(part.expired + part.removed, 1);
        if (!part.hasMore) break;
      }
      return { expired };
    },
    async cleanup(query) {
      const { bytes, ...counts } = await link.call("countCleanable", query);
      if (query.dryRun) return { ...counts, deleted: 0, freedBytes: bytes, truncated: false };
      let deleted = 0;
      let freedBytes = 0;
      while (deleted < query.limit) {
        const limit = query.limit - deleted;
        const part: CleanupPart = await link.call("cleanup", { ...query, limit });
        if (part.deleted === 0) break;
        deleted += part.deleted;
        freedBytes += part.freedBytes;
      }
      return { ...counts, deleted, freedBytes, truncated: counts.matched > deleted };
    },

    async discard(streamIds) {
      const { deleted } = await link.call("discard", streamIds);
      return { deleted };
    },
  };
}
