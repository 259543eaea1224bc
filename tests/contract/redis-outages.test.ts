// The store in Redis while its server is away, and when it comes back with less than it had.
import { readdirSync, statSync, truncateSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { isUp, type RedisServer } from "../support/redis.ts";
import { openStore, refusal, useRedis, useStore } from "../support/redis-in-test.ts";
import { eventually } from "../support/stack.ts";
import {
  appendTo,
  beginning,
  cleanupQuery,
  LONG_MS,
  listQuery,
  logOf,
  newStream,
  success,
} from "../support/stored-streams.ts";

/** Every method that asks the server for something. */
function everyCall(store: StreamStore): Promise<unknown>[] {
  const stream = newStream();
  const { streamId, token } = stream;
  return [
    store.openSession("a", 1_000),
    store.renewSession("a", 1_000),
    store.closeSession("a"),
    store.check(),
    (async () => store.create(stream))(),
    (async () => store.append(appendTo(stream, 2, 2)))(),
    (async () => store.append(appendTo(stream, 2, 2, { ending: success })))(),
    (async () => store.read(streamId, beginning, 1))(),
    store.subscribe?.(streamId, () => {}) ?? Promise.reject(new Error("no subscriptions")),
    store.touchReaders([streamId]),
    store.find("caller", "request-1"),
    store.heads([streamId]),
    store.requestCancel(streamId, "caller"),
    store.orphans(1),
    store.claim(streamId, 1, { session: "a", nonce: 5 }),
    store.handOff(streamId, token, "planned"),
    store.loadRequest(streamId),
    store.list(listQuery()),
    store.reap(1, 1),
    store.cleanup(cleanupQuery()),
    store.putSnapshot("a", new Uint8Array(1)),
    store.snapshots(),
    store.broadcast(new Uint8Array(1)),
  ];
}

describe("a server that is away", () => {
  it("refuses every call at once before the first connection, and serves once it is there", async () => {
    const redis = await useRedis({ isStarted: false });
    const store = openStore(redis.url);
    for (const call of everyCall(store)) {
      expect(await refusal(call)).toMatchObject({ outcome: "not-applied" });
    }
    await redis.start();
    await eventually(() => isUp(store));
    expect(await store.create(newStream())).toEqual({ state: "created" });
  });

  it("loses nothing when it is killed and started again with its log intact", async () => {
    const redis = await useRedis({ args: ["--appendfsync", "always"] });
    const store = await useStore(redis);
    const stream = newStream();
    await store.create(stream);
    await store.append(appendTo(stream, 2, 5));
    const before = await logOf(store, stream.streamId);
    await redis.kill();
    await refusal((async () => store.append(appendTo(stream, 6, 6)))());
    await redis.start();
    await eventually(() => isUp(store));
    expect(await store.append(appendTo(stream, 2, 5))).toMatchObject({
      state: "repeated",
      tail: 5,
    });
    expect(await logOf(store, stream.streamId)).toEqual(before);
    expect(await store.append(appendTo(stream, 6, 6))).toMatchObject({ state: "stored", tail: 6 });
  });

  it("goes on hearing of batches and broadcasts after the server was away", async () => {
    const redis = await useRedis();
    const [writer, reader] = [await useStore(redis), await useStore(redis)];
    const stream = newStream();
    await writer.create(stream);
    const heard: number[] = [];
    const told: string[] = [];
    reader.onBroadcast((message) => told.push(Buffer.from(message).toString()));
    const unsubscribe = await reader.subscribe?.(stream.streamId, ({ last }) => heard.push(last));
    const left = await reader.subscribe?.("s.left", () => {});
    await redis.kill();
    await left?.();
    await redis.start();
    await eventually(async () => (await isUp(writer)) && (await isUp(reader)));
    let last = 1;
    await eventually(async () => {
      await reader.touchReaders([stream.streamId]);
      last++;
      await writer.append(appendTo(stream, last, last));
      await writer.broadcast(Buffer.from("hello"));
      return heard.length > 0 && told.length > 0;
    });
    await unsubscribe?.();
    const { length } = heard;
    await writer.append(appendTo(stream, last + 1, last + 1));
    expect(heard).toHaveLength(length);
    await eventually(async () => {
      const channels = await redis.command("PUBSUB", "SHARDCHANNELS");
      return JSON.stringify(channels) === '["{steer}:ctl"]';
    });
  });

  it("gives up a call that is not answered, and does not know whether it was applied", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream();
    await store.create(stream);
    await redis.command("CLIENT", "PAUSE", "4000", "ALL");
    expect(await refusal((async () => store.append(appendTo(stream, 2, 2)))())).toMatchObject({
      outcome: "unknown",
    });
    await eventually(() => isUp(store));
    // It was applied when the pause ended: the same call again finds out.
    expect(await store.append(appendTo(stream, 2, 2))).toMatchObject({ tail: 2 });
    expect(await logOf(store, stream.streamId)).toHaveLength(2);
  });

  it("leaves a server that takes the connection and never speaks", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : 0;
    const store = openStore(`redis://127.0.0.1:${port}`);
    await eventually(
      () => new Promise((resolve) => silent.getConnections((_, n) => resolve(n > 0))),
    );
    expect(await refusal(store.heads([]))).toMatchObject({ outcome: "not-applied" });
    await store.close();
    silent.close();
  });

  it("refuses calls after its end", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await store.close();
    await store.close();
    expect(await refusal(store.heads([]))).toMatchObject({ outcome: "not-applied" });
  });
});

describe("a failover", () => {
  it("is followed, though the old primary keeps its connections", async () => {
    const args = ["--repl-diskless-sync-delay", "0"];
    const [old, next] = [await useRedis({ args }), await useRedis()];
    let target = old.port;
    const gate = createServer((socket) => {
      const upstream = connect(target, "127.0.0.1");
      socket.pipe(upstream).pipe(socket);
      for (const each of [socket, upstream]) each.on("error", () => each.destroy());
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    const address = gate.address();
    const port = typeof address === "object" ? address?.port : 0;
    const store = openStore(`redis://127.0.0.1:${port}`);
    await eventually(() => isUp(store));
    const stream = newStream();
    await store.create(stream);
    await next.command("REPLICAOF", "127.0.0.1", String(old.port));
    await store.append(appendTo(stream, 2, 3));
    const before = await logOf(store, stream.streamId);
    const log = `{steer}:s:${stream.streamId}:w:${stream.token.nonce}`;
    await eventually(async () => (await next.command("XLEN", log)) === 2);
    await next.command("REPLICAOF", "NO", "ONE");
    target = next.port;
    await old.command("REPLICAOF", "127.0.0.1", String(next.port));
    expect(await refusal((async () => store.append(appendTo(stream, 4, 4)))())).toMatchObject({
      outcome: "not-applied",
    });
    await eventually(() => isUp(store));
    expect(await store.append(appendTo(stream, 4, 4))).toMatchObject({ state: "stored", tail: 4 });
    expect((await logOf(store, stream.streamId)).slice(0, 3)).toEqual(before);
    await store.close();
    gate.close();
  });
});

describe("a replica", () => {
  it("is no store, and becomes one when it is promoted", async () => {
    const [primary, replica] = [await useRedis(), await useRedis()];
    await replica.command("REPLICAOF", "127.0.0.1", String(primary.port));
    const store = openStore(replica.url);
    await eventually(async () => (await refusal(store.heads([]))).message.includes("is a replica"));
    await replica.command("REPLICAOF", "NO", "ONE");
    await eventually(() => isUp(store));
    expect(await store.create(newStream())).toEqual({ state: "created" });
  });
});

describe("a server that lost data", () => {
  /** Cuts the newest entries off the append-only file, as a crash within its last second does. */
  function cutLog({ dataFolder }: RedisServer, bytes: number): void {
    const folder = join(dataFolder, "appendonlydir");
    const file = readdirSync(folder).find((name) => name.endsWith(".incr.aof")) ?? "";
    truncateSync(join(folder, file), statSync(join(folder, file)).size - bytes);
  }

  it("asks for what is missing, and takes it from the owner's memory", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream();
    await store.create(stream);
    for (let at = 2; at <= 40; at++) await store.append(appendTo(stream, at, at));
    const before = await logOf(store, stream.streamId);
    await redis.stop();
    cutLog(redis, 1_500);
    await redis.start();
    await eventually(() => isUp(store));
    const answer = await store.append(appendTo(stream, 41, 41));
    expect(answer.state).toBe("gap");
    const tail = answer.state === "gap" ? answer.tail : 0;
    expect(tail).toBeGreaterThan(1);
    expect(tail).toBeLessThan(40);
    expect(await store.read(stream.streamId, { sequence: 40, writer: 0 }, 1)).toMatchObject({
      state: "ahead",
      stream: { tail },
    });
    expect(await store.append(appendTo(stream, tail + 1, 40))).toMatchObject({ state: "stored" });
    expect(await logOf(store, stream.streamId)).toEqual(before);
  });

  it("tells a reader of the lost lineage that the log is another one", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await store.openSession("session-b", LONG_MS);
    const stream = newStream();
    await store.create(stream);
    for (let at = 2; at <= 40; at++) await store.append(appendTo(stream, at, at));
    await redis.stop();
    cutLog(redis, 1_500);
    await redis.start();
    await eventually(() => isUp(store));
    const claim = await store.claim(stream.streamId, 1, { session: "session-b", nonce: 99 });
    const tail = claim.state === "claimed" ? claim.stream.tail : 0;
    const token = { epoch: 2, nonce: 99 };
    await store.append(appendTo(stream, tail + 1, 40, { token }));
    const cursor = { sequence: 40, writer: stream.token.nonce };
    expect(await store.read(stream.streamId, cursor, 1)).toMatchObject({ state: "diverged" });
    expect(await store.append(appendTo(stream, 41, 41))).toEqual({ state: "fenced" });
  });

  it("does not know a stream whose record is lost: it is created again, whole", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream();
    await store.create(stream);
    await store.append(appendTo(stream, 2, 3));
    const before = await logOf(store, stream.streamId);
    await redis.command("FLUSHALL");
    expect(await store.append(appendTo(stream, 4, 4))).toEqual({ state: "gone" });
    await store.create(stream);
    await store.append(appendTo(stream, 2, 3));
    expect(await logOf(store, stream.streamId)).toEqual(before);
  });

  it("gets the functions again that a flush or a failover lost", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream();
    await store.create(stream);
    await redis.command("FUNCTION", "FLUSH");
    const calls = Array.from({ length: 20 }, async () => store.append(appendTo(stream, 2, 2)));
    const states = (await Promise.all(calls)).map(({ state }) => state);
    expect(states.sort()).toEqual([...Array(19).fill("repeated"), "stored"]);
  });

  it("forgets in its indexes what is no longer there", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream({ session: "dead" });
    await store.create(stream);
    await redis.command("DEL", `{steer}:s:${stream.streamId}:h`);
    expect(await store.orphans(10)).toEqual([]);
    expect(await redis.command("EXISTS", "{steer}:own:dead", "{steer}:sessions")).toBe(0);
    await redis.command("ZADD", "{steer}:due", "1", stream.streamId);
    await store.reap(1_000, 10);
    expect(await redis.command("EXISTS", "{steer}:idx", "{steer}:due", "{steer}:expired")).toBe(0);
  });
});
