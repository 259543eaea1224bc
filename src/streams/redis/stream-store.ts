import type { RedisEngine } from "../../store/redis/engine.ts";
import { bufferOf, bytesOf, listOf, textOf } from "../../store/redis/replies.ts";
import type { StreamStore } from "../stream-store.ts";
import { createLogCalls } from "./log-calls.ts";
import { createOwnershipCalls } from "./ownership-calls.ts";
import { createRetentionCalls } from "./retention-calls.ts";
import { channelOf, headKey } from "./stream-keys.ts";
import { decodeMessage } from "./stream-records.ts";

/** Concatenated in this order, they are one Lua chunk. */
export const STREAM_FUNCTIONS = [
  "record.lua",
  "write.lua",
  "read.lua",
  "sessions.lua",
  "retention.lua",
].map((file) => new URL(`./${file}`, import.meta.url));

/** The stream store of Redis. */
export function createRedisStreamStore(engine: RedisEngine): StreamStore {
  const library = engine.library(STREAM_FUNCTIONS);
  const subscriptions = engine.subscriptions(channelOf, decodeMessage);
  /**
   * Sessions of this process, with the time to live they were announced with. Each creation and claim is a sign of
   * life.
   */
  const announced = new Map<string, number>();
  const ttlOf = (session: string): string => String(announced.get(session) ?? 0);

  async function announce(session: string, ttlMs: number): Promise<"renewed" | "lost"> {
    announced.set(session, ttlMs);
    const answer = await library.call("open_session", "", [session, String(ttlMs)]);
    return textOf(answer) as "renewed" | "lost";
  }

  return {
    capabilities: engine.capabilities,
    ...createLogCalls(library, ttlOf),
    ...createOwnershipCalls({ library, ttlOf, isSubscribed: (id) => subscriptions.has(id) }),
    ...createRetentionCalls(library),
    async subscribe(streamId, listener) {
      const unsubscribe = await subscriptions.add(streamId, listener);
      try {
        await library.call("subscribed", headKey(streamId), []);
      } catch (error) {
        await unsubscribe();
        throw error;
      }
      return unsubscribe;
    },

    async openSession(session, ttlMs) {
      await announce(session, ttlMs);
    },
    renewSession: announce,
    async closeSession(session) {
      announced.delete(session);
      await library.call("close_session", "", [session]);
    },
    async putSnapshot(session, snapshot) {
      await library.call("put_snapshot", "", [session, bytesOf(snapshot)]);
    },
    async snapshots() {
      return listOf(await library.call("snapshots", "", [])).map(bufferOf);
    },
    broadcast: (message) => engine.broadcast(message),
    onBroadcast: (listener) => engine.onBroadcast(listener),
  };
}
