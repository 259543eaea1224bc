import type { RedisConnection } from "./connection.ts";

interface Channel<T> {
  readonly listeners: Set<(message: T) => void>;
  readonly receive: (message: Buffer) => void;
  /** Resolves when Redis has confirmed the subscription. */
  readonly opened: Promise<void>;
}

export interface RedisSubscriptionsOptions<T> {
  readonly connection: RedisConnection;
  /** Name of a subject's channel. */
  readonly channelOf: (subject: string) => string;
  readonly decode: (message: Buffer) => T;
}

/** Subscriptions of this replica: one channel for each subject, shared by all its listeners. */
export class RedisSubscriptions<T> {
  readonly #options: RedisSubscriptionsOptions<T>;
  readonly #channels = new Map<string, Channel<T>>();

  constructor(options: RedisSubscriptionsOptions<T>) {
    this.#options = options;
  }

  has(subject: string): boolean {
    return this.#channels.has(subject);
  }

  /** Resolves when Redis has confirmed the subscription, with the function that ends it. */
  async add(subject: string, listener: (message: T) => void): Promise<() => Promise<void>> {
    const channel = this.#channels.get(subject) ?? this.#open(subject);
    channel.listeners.add(listener);
    try {
      await channel.opened;
    } catch (error) {
      await this.#remove(subject, channel, listener);
      throw error;
    }
    return () => this.#remove(subject, channel, listener);
  }

  #open(subject: string): Channel<T> {
    const { connection, channelOf, decode } = this.#options;
    const listeners: Channel<T>["listeners"] = new Set();
    const receive = (message: Buffer): void => {
      const decoded = decode(message);
      for (const listener of listeners) listener(decoded);
    };
    const opened = connection.subscribe(channelOf(subject), receive);
    const channel = { listeners, receive, opened };
    this.#channels.set(subject, channel);
    return channel;
  }

  async #remove(
    subject: string,
    channel: Channel<T>,
    listener: (message: T) => void,
  ): Promise<void> {
    channel.listeners.delete(listener);
    if (channel.listeners.size > 0 || this.#channels.get(subject) !== channel) return;
    this.#channels.delete(subject);
    const { connection, channelOf } = this.#options;
    // A lost connection has ended the subscription.
    await connection.unsubscribe(channelOf(subject), channel.receive).catch(() => {});
  }
}
