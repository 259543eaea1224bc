// Guards of the log, each taken away by a wrapper around the store: a simulation
// that does not notice proves nothing.

import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import type { Mutation, World } from "./world.ts";

async function tokenOf(world: World, streamId: string) {
  const [stream] = await world.store.direct.heads([streamId]);
  return stream?.token;
}

function ignoreOutage(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

function mutation(change: (store: StreamStore, world: World) => Partial<StreamStore>): Mutation {
  return (store, world) => ({ ...store, ...change(store, world) });
}

export const mutations: Readonly<Record<string, Mutation>> = {
  "no fence: whoever writes has the right to": mutation((store, world) => ({
    async append(append) {
      const token = (await tokenOf(world, append.streamId)) ?? append.token;
      return store.append({ ...append, token });
    },
  })),
  "events are shown before the store has them": mutation((store) => ({
    async append(append) {
      Promise.resolve(store.append(append)).catch(ignoreOutage);
      return { state: "stored", tail: append.batch.last, cancel: undefined };
    },
  })),
  "a cursor does not name its writer": mutation((store) => ({
    read: (streamId, cursor, limit) => store.read(streamId, { ...cursor, writer: 0 }, limit),
  })),
  "a new owner numbers from the wrong place": mutation((store) => ({
    async claim(streamId, expectedEpoch, next) {
      const answer = await store.claim(streamId, expectedEpoch, next);
      if (answer.state !== "claimed") return answer;
      return { ...answer, stream: { ...answer.stream, tail: answer.stream.tail - 1 } };
    },
  })),
  "a gap is taken for a success": mutation((store) => ({
    async append(append) {
      const answer = await store.append(append);
      if (answer.state !== "gap") return answer;
      return { state: "stored", tail: append.batch.last, cancel: undefined };
    },
  })),
  "an append whose outcome is unknown counts as done": mutation((store) => ({
    append: (append) =>
      Promise.resolve(store.append(append)).catch((error: unknown) => {
        ignoreOutage(error);
        return { state: "stored", tail: append.batch.last, cancel: undefined };
      }),
  })),
  "nobody looks for streams without an owner": mutation(() => ({ orphans: async () => [] })),
  "a cancel is forgotten": mutation((store) => ({
    requestCancel: async (streamId) => (await store.heads([streamId]))[0],
    broadcast: async () => {},
  })),
  "every caller is the owner of every stream": mutation((store) => ({
    async heads(streamIds) {
      const streams = await store.heads(streamIds);
      return streams.map((stream) => stream && { ...stream, caller: "stranger" });
    },
  })),
  "what is past its retention stays": mutation(() => ({ reap: async () => ({ expired: 0 }) })),
};
