import type { Clock } from "../../clock.ts";
import { connectRedis } from "../../store/redis/connection.ts";
import { unavailable } from "../../store/redis/errors.ts";
import { createRedisLibrary, type RedisLibrary } from "../../store/redis/library.ts";
import { createRedisSubscriptions } from "../../store/redis/subscriptions.ts";
import { parseRedisUrl } from "../../store/redis/url.ts";
import { sizeOf } from "../batches.ts";
import { packEvents } from "../packed-events.ts";
import type { CancelReason, Ending } from "../stream-record.ts";
import type {
  Append,
  AppendResult,
  ClaimResult,
  CreateAnswer,
  ReadResult,
  StreamStore,
} from "../stream-store.ts";
import { CONTROL_CHANNEL, headKey, idempotencyKey } from "./stream-keys.ts";
import { createRedisQueries } from "./stream-queries.ts";
import { bufferOf, bytesOf, decodeBatch, decodeStream, listOf, textOf } from "./stream-records.ts";

export interface RedisStoreOptions {
  /** A server, nodes of a cluster, or Sentinels: the forms are those of `redis-url.ts`. */
  readonly url: string;
  readonly clock: Clock;
}

/** What becomes of the key with the end of the stream: kept, free, or free with all of the stream. */
function keyOf({ freesKey, isUnused }: Ending): string {
  if (isUnused) return "2";
  return freesKey ? "1" : "0";
}

async function append(library: RedisLibrary, request: Append): Promise<AppendResult> {
  const { streamId, token, batch, firstContent, ending, progress } = request;
  const args: (string | Buffer)[] = [
    String(token.epoch),
    String(token.nonce),
    String(batch.first),
    String(batch.last),
    String(sizeOf(batch.events)),
    String(firstContent),
    bytesOf(packEvents(batch.events)),
  ];
  if (ending !== undefined) args.push(ending.phase, keyOf(ending));
  else if (progress !== undefined) args.push("", "0");
  if (progress !== undefined) args.push(progress.provider, bytesOf(progress.details));
  const key = headKey(streamId);
  const answer =
    ending === undefined
      ? await library.callOr("append_full", "append", key, args)
      : await library.call("finish", key, args);
  const [state, tail, cancel] = listOf(answer);
  return {
    state: textOf(state),
    ...(tail !== undefined && { tail: Number(tail) }),
    ...(cancel !== undefined && { cancel: cancel?.toString() as CancelReason | undefined }),
  } as AppendResult;
}

/**
 * Streams in Redis 7 or Valkey, shared by all replicas. It returns at once and
 * connects by itself; until then, and whenever Redis is away, everything is
 * rejected at once with `StoreUnavailable`.
 */
export function createRedisStore({ url, clock }: RedisStoreOptions): StreamStore {
  const address = parseRedisUrl(url);
  const commands = connectRedis(address, clock);
  // A connection of its own: commands never wait behind a burst of batches.
  const messages = connectRedis(address, clock);
  const library = createRedisLibrary(commands);
  const subscriptions = createRedisSubscriptions(messages);
  const listeners: ((message: Uint8Array) => void)[] = [];

  const hear = (message: Buffer): void => {
    for (const listener of listeners) listener(message);
  };
  // The first connection is not there yet: it and all others are told.
  messages.subscribe(CONTROL_CHANNEL, hear).catch(() => {});

  /** Sessions of this process, by what they were announced for: each creation and claim is a sign of life. */
  const announced = new Map<string, number>();
  const ttlOf = (session: string): string => String(announced.get(session) ?? 0);

  async function announce(session: string, ttlMs: number): Promise<"renewed" | "lost"> {
    announced.set(session, ttlMs);
    const answer = await library.call("open_session", "", [session, String(ttlMs)]);
    return textOf(answer) as "renewed" | "lost";
  }

  return {
    capabilities: { type: "redis", isShared: true, durability: "cluster" },

    async openSession(session, ttlMs) {
      await announce(session, ttlMs);
    },
    renewSession: announce,
    async closeSession(session) {
      announced.delete(session);
      await library.call("close_session", "", [session]);
    },
    async check() {
      await library.call("check", "", []);
    },

    async create(stream): Promise<CreateAnswer> {
      const { streamId, token, session, caller, requestId, fingerprint, start, request } = stream;
      const answer = await library.callOr("create_full", "create", headKey(streamId), [
        streamId,
        String(token.epoch),
        String(token.nonce),
        session,
        caller,
        requestId,
        fingerprint,
        String(stream.retentionMs),
        String(stream.totalMs),
        stream.progress.provider,
        bytesOf(stream.progress.details),
        String(start.length),
        bytesOf(packEvents([start])),
        idempotencyKey(caller, requestId),
        ttlOf(session),
        ...(request === undefined ? [] : [bytesOf(request)]),
      ]);
      const [state, other] = listOf(answer);
      const is = textOf(state) as CreateAnswer["state"];
      return is === "exists" ? { state: is, stream: decodeStream(other ?? null) } : { state: is };
    },
    append: (request) => append(library, request),
    async read(streamId, cursor, limit): Promise<ReadResult> {
      const answer = await library.call("read", headKey(streamId), [
        streamId,
        String(cursor.sequence),
        String(cursor.writer),
        String(limit),
      ]);
      const [state, record, batches, more] = listOf(answer);
      const is = textOf(state) as ReadResult["state"];
      if (is === "gone") return { state: is };
      const stream = decodeStream(record ?? null);
      if (is !== "read") return { state: is, stream };
      return { state: is, stream, batches: listOf(batches).map(decodeBatch), hasMore: more === 1 };
    },
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
    async touchReaders(streamIds) {
      if (streamIds.length === 0) return;
      const args = streamIds.flatMap((id) => [id, subscriptions.has(id) ? "1" : "0"]);
      await library.call("touch_readers", "", args);
    },

    async claim(streamId, expectedEpoch, next): Promise<ClaimResult> {
      const answer = await library.call("claim", headKey(streamId), [
        streamId,
        String(expectedEpoch),
        next.session,
        String(next.nonce),
        ttlOf(next.session),
      ]);
      const [state, record] = listOf(answer);
      const is = textOf(state) as ClaimResult["state"];
      return is === "claimed" ? { state: is, stream: decodeStream(record ?? null) } : { state: is };
    },
    async handOff(streamId, token, cause) {
      const args = [streamId, String(token.epoch), String(token.nonce), cause];
      return (await library.call("hand_off", headKey(streamId), args)) === 1;
    },
    ...createRedisQueries(library),

    async putSnapshot(session, snapshot) {
      await library.call("put_snapshot", "", [session, bytesOf(snapshot)]);
    },
    async snapshots() {
      return listOf(await library.call("snapshots", "", [])).map(bufferOf);
    },
    async broadcast(message) {
      try {
        await commands.send(["SPUBLISH", CONTROL_CHANNEL, bytesOf(message)]);
      } catch (error) {
        throw unavailable(error);
      }
    },
    onBroadcast(listener) {
      listeners.push(listener);
    },
    async close() {
      commands.close();
      messages.close();
    },
  };
}
