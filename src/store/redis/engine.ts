import type { Clock } from "../../clock.ts";
import type { Sessions } from "../sessions.ts";
import type { StoreCapabilities, StoreEngine } from "../store-engine.ts";
import { connectRedis, type RedisConnection } from "./connection.ts";
import { unavailable } from "./errors.ts";
import { CONTROL_CHANNEL } from "./keys.ts";
import { createRedisLibrary, type RedisLibrary } from "./library.ts";
import { bytesOf } from "./replies.ts";
import { RedisSubscriptions } from "./subscriptions.ts";
import { parseRedisUrl } from "./url.ts";

export interface RedisEngineOptions {
  /** A server, nodes of a cluster, or Sentinels, in a form of `url.ts`. */
  readonly url: string;
  readonly clock: Clock;
}

/**
 * Redis 7 or Valkey, shared by all replicas. The engine connects by itself. Without a connection, calls are rejected
 * at once with `StoreUnavailable`.
 */
export class RedisEngine implements StoreEngine, Pick<Sessions, "broadcast" | "onBroadcast"> {
  readonly capabilities: StoreCapabilities = {
    type: "redis",
    isShared: true,
    durability: "cluster",
  };
  readonly #commands: RedisConnection;
  /** A separate connection, so that commands never wait behind a burst of messages. */
  readonly #messages: RedisConnection;
  readonly #listeners: ((message: Uint8Array) => void)[] = [];

  /** Throws if the URL has another form. The error repeats no part of the URL. */
  constructor({ url, clock }: RedisEngineOptions) {
    const address = parseRedisUrl(url);
    this.#commands = connectRedis(address, clock);
    this.#messages = connectRedis(address, clock);
    const hear = (message: Buffer): void => {
      for (const listener of this.#listeners) listener(message);
    };
    // The first connection is not open yet. The subscription is made on it and on all later ones.
    this.#messages.subscribe(CONTROL_CHANNEL, hear).catch(() => {});
  }

  /** The functions of a tenant. `files` follow `prelude.lua` in one Lua chunk. */
  library(files: readonly URL[]): RedisLibrary {
    return createRedisLibrary(this.#commands, files);
  }

  /** The messages of a tenant. */
  subscriptions<T>(
    channelOf: (subject: string) => string,
    decode: (message: Buffer) => T,
  ): RedisSubscriptions<T> {
    return new RedisSubscriptions({ connection: this.#messages, channelOf, decode });
  }

  async broadcast(message: Uint8Array): Promise<void> {
    try {
      await this.#commands.send(["SPUBLISH", CONTROL_CHANNEL, bytesOf(message)]);
    } catch (error) {
      throw unavailable(error);
    }
  }

  onBroadcast(listener: (message: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.#commands.close();
    this.#messages.close();
  }
}
