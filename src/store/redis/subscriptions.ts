import { channelOf } from "../../streams/redis/stream-keys.ts";
import { decodeMessage } from "../../streams/redis/stream-records.ts";
import type { Batch } from "../../streams/stream-record.ts";
import type { RedisConnection } from "./connection.ts";

type Listener = (batch: Batch) => void;

interface Channel {
  readonly listeners: Set<Listener>;
  readonly receive: (message: Buffer) => void;
  /** Redis has confirmed it. */
  readonly opened: Promise<void>;
}

/** Which streams this replica hears of: one channel each, however many listen. */
export interface RedisSubscriptions {
  has(streamId: string): boolean;
  add(streamId: string, listener: Listener): Promise<() => Promise<void>>;
}

export function createRedisSubscriptions(connection: RedisConnection): RedisSubscriptions {
  const channels = new Map<string, Channel>();

  function open(streamId: string): Channel {
    const listeners = new Set<Listener>();
    const receive = (message: Buffer): void => {
      const batch = decodeMessage(message);
      for (const listener of listeners) listener(batch);
    };
    const opened = connection.subscribe(channelOf(streamId), receive);
    const channel = { listeners, receive, opened };
    channels.set(streamId, channel);
    return channel;
  }

  async function remove(streamId: string, channel: Channel, listener: Listener): Promise<void> {
    channel.listeners.delete(listener);
    if (channel.listeners.size > 0 || channels.get(streamId) !== channel) return;
    channels.delete(streamId);
    // A connection that is lost has taken the subscription with it.
    await connection.unsubscribe(channelOf(streamId), channel.receive).catch(() => {});
  }

  return {
    has: (streamId) => channels.has(streamId),
    async add(streamId, listener) {
      const channel = channels.get(streamId) ?? open(streamId);
      channel.listeners.add(listener);
      try {
        await channel.opened;
      } catch (error) {
        await remove(streamId, channel, listener);
        throw error;
      }
      return () => remove(streamId, channel, listener);
    },
  };
}
