import { createClient, ErrorReply, RESP_TYPES } from "@redis/client";
import type { Clock } from "../clock.ts";
import { StoreUnavailable, type UnavailableOutcome } from "./stream-store.ts";

/** What Redis answers; strings are bytes. */
export type Reply = null | number | Buffer | readonly Reply[];

/**
 * Longest wait for an answer: the last resort, since the callers wait less. A
 * command that was sent is never recalled; it can still be applied afterwards.
 */
const ANSWER_MS = 2_000;
const CONNECT_MS = 2_000;
/** A connection on which nothing moves for so long is dead; a ping keeps an idle one moving. */
const SILENCE_MS = 5_000;
const PING_MS = 2_000;
const RECONNECT_MS = { first: 50, most: 2_000 };

/** Replies to commands that were refused before their first step. */
const REFUSED =
  /^(OOM|LOADING|READONLY|MASTERDOWN|NOREPLICAS|MISCONF|BUSY|NOAUTH|NOPERM|WRONGPASS) /;

interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  readonly database: number;
}

/** A stray percent sign stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Read here, and not by the client, whose errors repeat the URL with its password. */
export function parseRedisUrl(url: string): Address {
  const parsed = URL.parse(url);
  const database = Number(parsed?.pathname.slice(1) ?? "");
  const isRedis = parsed?.protocol === "redis:" || parsed?.protocol === "rediss:";
  if (!isRedis || parsed.hostname === "" || !Number.isSafeInteger(database) || database < 0) {
    throw new Error("the store's URL is not redis[s]://[user:password@]host[:port][/database]");
  }
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(parsed.port || 6379),
    tls: parsed.protocol === "rediss:",
    username: decoded(parsed.username),
    password: decoded(parsed.password),
    database,
  };
}

/** A connection that is kept up for ever. What it is asked is answered or rejected in time. */
export interface RedisConnection {
  /**
   * Rejects with `StoreUnavailable`, or with what Redis said where it lacks memory or a function:
   * `redis-library.ts` knows what to do then.
   */
  send(args: readonly (string | Buffer)[]): Promise<Reply>;
  subscribe(channel: string, listener: (message: Buffer) => void): Promise<void>;
  unsubscribe(channel: string, listener: (message: Buffer) => void): Promise<void>;
  onReady(listener: () => void): void;
  close(): void;
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith("OOM ");
}

/** The server was the primary once; its name leads to another one now, or soon. */
function isReplica(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith("READONLY ");
}

export function isFunctionMissing(error: unknown): boolean {
  return error instanceof ErrorReply && error.message === "ERR Function not found";
}

/** An error of the client as the port's. */
export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isRefused = error instanceof ErrorReply && REFUSED.test(message);
  const outcome: UnavailableOutcome = isRefused ? "not-applied" : "unknown";
  return new StoreUnavailable(outcome, `Redis: ${message}`, error);
}

export function connectRedis(address: Address, clock: Clock): RedisConnection {
  const { host, port, tls, username, password, database } = address;
  let lastError: unknown;
  const client = createClient({
    socket: {
      host,
      port,
      ...(tls && { tls }),
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy(retries) {
        const { first, most } = RECONNECT_MS;
        return Math.min(first * 2 ** Math.min(retries, 10), most) * (0.5 + clock.random() / 2);
      },
    },
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
    database,
    name: "steer",
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    pingInterval: PING_MS,
    // The client's own limit holds for unsent commands alone, and costs a signal each.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  // Without a listener an error would end the process.
  client.on("error", (error) => {
    lastError = error;
  });

  function connect(): void {
    // It goes on trying until it is closed, which is the only way in which this rejects.
    client.connect().catch(() => {});
  }

  let leftAt = Number.NEGATIVE_INFINITY;
  /** After a failover the old server keeps its connections: only a new one finds the primary. */
  function leaveReplica(): void {
    if (!client.isOpen || clock.now() - leftAt < RECONNECT_MS.most) return;
    leftAt = clock.now();
    client.destroy();
    connect();
  }

  connect();

  function offline(): StoreUnavailable {
    const why = lastError instanceof Error ? lastError.message : "not connected yet";
    return new StoreUnavailable("not-applied", `no connection to Redis: ${why}`, lastError);
  }

  function bounded<T>(start: () => Promise<T>): Promise<T> {
    if (!client.isReady) return Promise.reject(offline());
    return new Promise((resolve, reject) => {
      const cancel = clock.schedule(ANSWER_MS, () =>
        reject(new StoreUnavailable("unknown", "Redis does not answer")),
      );
      start().then(
        (answer) => {
          cancel();
          resolve(answer);
        },
        (error: unknown) => {
          cancel();
          if (isReplica(error)) leaveReplica();
          reject(isOutOfMemory(error) || isFunctionMissing(error) ? error : unavailable(error));
        },
      );
    });
  }

  return {
    send: (args) => bounded(() => client.sendCommand<Reply>(args as (string | Buffer)[])),
    subscribe: (channel, listener) => bounded(() => client.subscribe(channel, listener, true)),
    unsubscribe: (channel, listener) => bounded(() => client.unsubscribe(channel, listener, true)),
    onReady: (listener) => client.on("ready", listener),
    close() {
      if (client.isOpen) client.destroy();
    },
  };
}
