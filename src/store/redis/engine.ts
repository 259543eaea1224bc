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
  /** A server, nodes of a cluster, or Sentinels: the forms are those of `url.ts`. */
  readonly url: string;
  readonly clock: Clock;
}

/**
 * Redis 7 or Valkey, shared by all replicas. It connects by itself; until then, and whenever Redis is away,
 * everything is rejected at once with `StoreUnavailable`.
 */
export class RedisEngine implements StoreEngine, Pick<Sessions, "broadcast" | "onBroadcast"> {
  readonly capabilities: StoreCapabilities = {
    type: "redis",
    isShared: true,
    durability: "cluster",
  };
  readonly #commands: RedisConnection;
  /** A connection of its own: commands never wait behind a burst of messages. */
  readonly #messages: RedisConnection;
  readonly #listeners: ((message: Uint8Array) => void)[] = [];

  /** Throws where the URL has another form; the error repeats nothing of it. */
  constructor({ url, clock }: RedisEngineOptions) {
    const address = parseRedisUrl(url);
    this.#commands = connectRedis(address, clock);
    this.#messages = connectRedis(address, clock);
    const hear = (message: Buffer): void => {
      for (const listener of this.#listeners) listener(message);
    };
    // The first connection is not there yet: it and all others are told.
    this.#messages.subscribe(CONTROL_CHANNEL, hear).catch(() => {});
  }

  /** The functions of a tenant. `files` are one Lua chunk behind `prelude.lua`. */
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
