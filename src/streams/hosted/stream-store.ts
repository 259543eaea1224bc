import { whole } from "../../store/hosted/codec.ts";
import type { HostedEngine } from "../../store/hosted/engine.ts";
import { ignoreOutage } from "../../store/store-unavailable.ts";
import { unpackEvents } from "../packed-events.ts";
import type { Batch } from "../stream-record.ts";
import type { StreamStore } from "../stream-store.ts";
import { readPublished } from "./batch-codec.ts";
import { STREAMS, type StreamCalls } from "./stream-calls.ts";

/** The stream store of another process on this host: `host-streams.ts` is its counterpart. */
export function createHostedStreamStore(engine: HostedEngine): StreamStore {
  /** Listeners of this process by stream. The host knows the streams. */
  const followed = new Map<string, Set<(batch: Batch) => void>>();

  const link = engine.service<StreamCalls>(STREAMS, {
    onPush(frame) {
      const { streamId, batch } = readPublished(frame);
      for (const listener of followed.get(streamId) ?? []) listener(batch);
    },
    onReconnect() {
      for (const streamId of followed.keys()) link.call("subscribe", streamId).catch(ignoreOutage);
    },
  });

  return {
    capabilities: engine.capabilities,
    ...engine.sessions,
    check: () => link.call("check"),

    create(stream) {
      const { start, request, progress } = stream;
      return link.call("create", {
        ...stream,
        start: whole(start),
        request: request === undefined ? undefined : whole(request),
        progress: { ...progress, details: whole(progress.details) },
      });
    },
    append: (append) => link.call("append", append),
    async read(streamId, cursor, limit) {
      const answer = await link.call("read", streamId, cursor, limit);
      if (answer.state !== "read") return answer;
      const batches = answer.batches.map(({ events, ...batch }) => ({
        ...batch,
        events: unpackEvents(events),
      }));
      return { ...answer, batches };
    },
    async subscribe(streamId, listener) {
      const listeners = followed.get(streamId) ?? new Set();
      followed.set(streamId, listeners.add(listener));
      const leave = async (): Promise<void> => {
        listeners.delete(listener);
        if (listeners.size > 0 || followed.get(streamId) !== listeners) return;
        followed.delete(streamId);
        // The end of a connection has ended the subscription.
        await link.call("unsubscribe", streamId).catch(ignoreOutage);
      };
      try {
        await link.call("subscribe", streamId);
      } catch (error) {
        await leave();
        throw error;
      }
      return leave;
    },
    touchReaders: (streamIds) => link.call("touchReaders", streamIds),

    find: (caller, requestId) => link.call("find", caller, requestId),
    heads: (streamIds) => link.call("heads", streamIds),
    requestCancel: (streamId, reason) => link.call("requestCancel", streamId, reason),

    orphans: (limit) => link.call("orphans", limit),
    claim: (streamId, epoch, next) => link.call("claim", streamId, epoch, next),
    handOff: (streamId, token, cause) => link.call("handOff", streamId, token, cause),
    loadRequest: (streamId, maxBytes) => link.call("loadRequest", streamId, maxBytes),

    list: (query) => link.call("list", query),
    reap: (tombstoneMs, limit) => link.call("reap", tombstoneMs, limit),
    cleanup: (query) => link.call("cleanup", query),
    discard: (streamIds) => link.call("discard", streamIds),
  };
}
