import { whole } from "../../store/hosted/codec.ts";
import type { HostedService, Peer } from "../../store/hosted/hosted-service.ts";
import { ignoreOutage, StoreUnavailable } from "../../store/store-unavailable.ts";
import { packEvents } from "../packed-events.ts";
import type { Append, AppendResult, ReadResult, StreamStore } from "../stream-store.ts";
import { writePublished } from "./batch-codec.ts";
import { PublishedBatches } from "./published-batches.ts";
import { type PackedRead, STREAMS, type StreamCalls } from "./stream-calls.ts";

/** Most streams that readers of one client follow. Readers of further streams ask for events from time to time. */
const MOST_SUBSCRIPTIONS = 100_000;

function packed(answer: ReadResult): PackedRead {
  if (answer.state !== "read") return answer;
  const batches = answer.batches.map(({ events, ...batch }) => ({
    ...batch,
    events: packEvents(events),
  }));
  return { ...answer, batches };
}

type Stop = () => Promise<void>;

/** The streams that a client follows. */
function followedBy(peer: Peer, subscribe: NonNullable<StreamStore["subscribe"]>) {
  const followed = new Map<string, Promise<Stop>>();

  async function leave(streamId: string): Promise<void> {
    const stop = followed.get(streamId);
    followed.delete(streamId);
    await (await stop)?.();
  }

  return {
    async add(streamId: string): Promise<void> {
      const known = followed.get(streamId);
      if (known === undefined && followed.size >= MOST_SUBSCRIPTIONS) {
        throw new StoreUnavailable("not-applied", `${followed.size} streams are followed already`);
      }
      const push = (batch: Append["batch"]): void =>
        void peer.push((to) => writePublished(to, streamId, batch));
      const stop = known ?? subscribe(streamId, push);
      followed.set(streamId, stop);
      try {
        await stop;
      } catch (error) {
        if (followed.get(streamId) === stop) followed.delete(streamId);
        throw error;
      }
    },
    leave,
    leaveAll() {
      for (const streamId of followed.keys()) leave(streamId).catch(ignoreOutage);
    },
  };
}

/** The log of streams for clients of this host. Readers at one client see what another client stores at once. */
export function hostStreams(store: StreamStore): HostedService<StreamCalls> {
  const published = new PublishedBatches();
  const subscribe = store.subscribe ?? published.subscribe;

  function publish({ streamId, batch }: Append, result: AppendResult): AppendResult {
    if (result.state === "stored") published.publish(streamId, batch);
    return result;
  }

  return {
    shape: STREAMS,
    serve(peer) {
      const followed = followedBy(peer, subscribe);
      return {
        calls: {
          check: () => store.check(),
          create: (stream) => store.create(stream),
          append(append) {
            const result = store.append(append);
            if (!(result instanceof Promise)) return publish(append, result);
            return result.then((answer) => publish(append, answer));
          },
          read(streamId, cursor, limit) {
            const answer = store.read(streamId, cursor, limit);
            return answer instanceof Promise ? answer.then(packed) : packed(answer);
          },
          subscribe: (streamId) => followed.add(streamId),
          unsubscribe: (streamId) => followed.leave(streamId),
          touchReaders: (streamIds) => store.touchReaders(streamIds),
          find: (caller, requestId) => store.find(caller, requestId),
          heads: (streamIds) => store.heads(streamIds),
          requestCancel: (streamId, reason) => store.requestCancel(streamId, reason),
          orphans: (limit) => store.orphans(limit),
          claim: (streamId, epoch, next) => store.claim(streamId, epoch, next),
          handOff: (streamId, token, cause) => store.handOff(streamId, token, cause),
          async loadRequest(streamId, maxBytes) {
            const request = await store.loadRequest(streamId, maxBytes);
            return request === undefined ? undefined : whole(request);
          },
          list: (query) => store.list(query),
          reap: (tombstoneMs, limit) => store.reap(tombstoneMs, limit),
          cleanup: (query) => store.cleanup(query),
          discard: (streamIds) => store.discard(streamIds),
        },
        end: () => followed.leaveAll(),
      };
    },
  };
}
