// What is special to the store in Redis: full memory, replicas that race, what it leaves behind,
// credentials. The rules of the port are in stream-store.test.ts.

import tls from "node:tls";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { headKey } from "../../src/streams/redis/stream-keys.ts";
import { makeCertificates } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { listAll } from "../support/list-all.ts";
import { createRedisStreams } from "../support/open-streams.ts";
import { isUp } from "../support/redis.ts";
import { openStore, refusal, useRedis, useStore } from "../support/redis-in-test.ts";
import { eventually } from "../support/stack.ts";
import {
  appendTo,
  cleanupQuery,
  failure,
  LONG_MS,
  listQuery,
  logOf,
  newStream,
  stateOf,
  success,
} from "../support/stored-streams.ts";

describe("a server whose memory is used up", () => {
  it("takes no new event, answers every repetition, and lets streams end and be deleted", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await store.openSession("session-a", LONG_MS);
    const stream = newStream({ requestId: "request-1", caller: "caller" });
    const other = newStream();
    await store.create(stream);
    await store.create(other);
    await store.append(appendTo(stream, 2, 2));
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    expect(await stateOf(() => store.append(appendTo(stream, 3, 3)))).toBe("full");
    expect((await refusal(store.check())).trouble).toEqual({ cause: "full", code: "OOM" });
    expect(await store.append(appendTo(stream, 2, 2))).toMatchObject({ state: "repeated" });
    expect(await store.append(appendTo(stream, 4, 4))).toMatchObject({ state: "gap" });
    const refused = await refusal((async () => store.create(newStream()))());
    const full = { cause: "full", code: "OOM" };
    expect([refused.outcome, refused.trouble]).toEqual(["not-applied", full]);
    expect(await store.create(stream)).toEqual({ state: "created" });
    const again = newStream({ requestId: "request-1", caller: "caller" });
    expect(await store.create(again)).toMatchObject({ state: "exists" });
    expect(await store.renewSession("session-a", LONG_MS)).toBe("renewed");
    expect(await logOf(store, stream.streamId)).toHaveLength(2);
    expect(await store.handOff(other.streamId, other.token, "planned")).toBe(true);
    const next = { session: "session-a", nonce: 9 };
    expect(await store.claim(other.streamId, 1, next)).toMatchObject({ state: "claimed" });
    const ending = appendTo(stream, 3, 3, { ending: failure });
    expect(await store.append(ending)).toMatchObject({ state: "stored" });
    expect(await store.cleanup(cleanupQuery())).toMatchObject({ deleted: 1 });
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await store.check();
    expect(await store.create(newStream())).toEqual({ state: "created" });
  });

  it("tells that a functions' flush cannot be healed until there is room", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await redis.command("FUNCTION", "FLUSH");
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    expect(await refusal(store.heads([]))).toMatchObject({ outcome: "not-applied" });
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    expect(await isUp(store)).toBe(true);
  });
});

describe("replicas that share a server", () => {
  it("gives one of many claims the stream", async () => {
    const redis = await useRedis();
    const stores = await Promise.all([useStore(redis), useStore(redis), useStore(redis)]);
    const [first] = stores;
    const streams = Array.from({ length: 10 }, () => newStream({ session: "dead" }));
    for (const stream of streams) await first?.create(stream);
    for (const stream of streams) {
      const claims = stores.map((store, index) =>
        store.claim(stream.streamId, 1, { session: `session-${index}`, nonce: index + 1 }),
      );
      const states = (await Promise.all(claims)).map(({ state }) => state);
      expect(states.sort()).toEqual(["claimed", "raced", "raced"]);
    }
  });

  it("gives one of many creates with one key the stream, and it to the others", async () => {
    const redis = await useRedis();
    const stores = await Promise.all([useStore(redis), useStore(redis), useStore(redis)]);
    for (let round = 0; round < 10; round++) {
      const requestId = `request-${round}`;
      const answers = await Promise.all(
        stores.flatMap((store) =>
          Array.from({ length: 4 }, async () => store.create(newStream({ requestId }))),
        ),
      );
      const existing = answers.flatMap((answer) =>
        answer.state === "exists" ? [answer.stream.streamId] : [],
      );
      expect(answers.filter(({ state }) => state === "created")).toHaveLength(1);
      expect(existing).toHaveLength(11);
      expect(new Set(existing).size).toBe(1);
    }
  });

  it("publishes batches only while another replica reads", async () => {
    const redis = await useRedis();
    const [writer, reader] = [await useStore(redis), await useStore(redis)];
    const stream = newStream();
    await writer.create(stream);
    const published = async (): Promise<number> => {
      const info = String(await redis.command("INFO", "commandstats"));
      return Number(/^cmdstat_spublish:calls=(\d+)/m.exec(info)?.[1] ?? 0);
    };
    await writer.touchReaders([stream.streamId]);
    await writer.append(appendTo(stream, 2, 2));
    expect(await published()).toBe(0);
    const heard: number[] = [];
    const unsubscribe = await reader.subscribe?.(stream.streamId, ({ last }) => heard.push(last));
    await writer.append(appendTo(stream, 3, 3));
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([3]);
    expect(await published()).toBe(1);
    // It said nothing for more than half a minute; then it reads on.
    await redis.command("HSET", headKey(stream.streamId), "rr", "1");
    await writer.append(appendTo(stream, 4, 4));
    expect(await published()).toBe(1);
    await reader.touchReaders([stream.streamId]);
    await writer.append(appendTo(stream, 5, 5));
    await eventually(() => heard.length > 1);
    expect(heard).toEqual([3, 5]);
    await unsubscribe?.();
  });

  it("leaves nothing behind of a stream that is deleted", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await store.openSession("session-a", LONG_MS);
    const streams = [
      newStream({ requestId: "request-1", retentionMs: 0 }),
      newStream({ retentionMs: LONG_MS }),
    ];
    for (const stream of streams) {
      await store.create(stream);
      await store.append(appendTo(stream, 2, 2, { ending: success }));
    }
    await store.closeSession("session-a");
    await store.reap(LONG_MS, 10);
    await store.cleanup(cleanupQuery());
    await store.reap(0, 10);
    // When a replica last said that it lives: gone by itself.
    expect(await redis.command("KEYS", "*")).toEqual(["{steer}:alive"]);
    expect(await redis.command("PTTL", "{steer}:alive")).toBeLessThanOrEqual(LONG_MS);
  });

  it("walks over streams page by page, each once, though they are of one millisecond", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const streams = Array.from({ length: 450 }, () => newStream());
    await Promise.all(streams.map(async (stream) => store.create(stream)));
    const index = streams.flatMap(({ streamId }) => ["1000", streamId]);
    await redis.command("ZADD", "{steer}:idx", "XX", ...index);
    const listed = await listAll(store, listQuery({ limit: 1_000 }));
    expect(listed).toHaveLength(450);
    expect(new Set(listed.map(({ streamId }) => streamId)).size).toBe(450);
    await Promise.all(
      streams.map(async (stream) => store.append(appendTo(stream, 2, 2, { ending: success }))),
    );
    const counted = await store.cleanup(cleanupQuery({ dryRun: true }));
    expect(counted).toMatchObject({ matched: 450, deleted: 0 });
    const deleted = await store.cleanup(cleanupQuery({ limit: 300 }));
    expect(deleted).toMatchObject({ matched: 450, deleted: 300, truncated: true });
    expect(await listAll(store, listQuery({ limit: 1_000 }))).toHaveLength(150);
  });

  it("looks at no more streams than a page shows, and at none that has expired", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const streams = Array.from({ length: 100 }, () => newStream());
    await Promise.all(streams.map(async (stream) => store.create(stream)));
    const looks = async (): Promise<number> => {
      const info = String(await redis.command("INFO", "commandstats"));
      return Number(/cmdstat_hmget:calls=(\d+)/.exec(info)?.[1] ?? 0);
    };
    const before = await looks();
    expect((await store.list(listQuery({ limit: 3 }))).streams).toHaveLength(3);
    expect((await looks()) - before).toBe(3);
    await Promise.all(
      streams.map(async (stream) => store.append(appendTo(stream, 2, 2, { ending: success }))),
    );
    await store.cleanup(cleanupQuery());
    const cleaned = await looks();
    expect(await store.list(listQuery({}))).toEqual({ streams: [], next: undefined });
    expect(await looks()).toBe(cleaned);
  });

  it("knows that a stream has expired before anything has swept it", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream({ requestId: "request-1", caller: "caller", retentionMs: 50 });
    await store.create(stream);
    const ending = appendTo(stream, 2, 2, { ending: success });
    await store.append(ending);
    const log = `{steer}:s:${stream.streamId}:w:${stream.token.nonce}`;
    await eventually(async () => (await redis.command("EXISTS", log)) === 0);
    const cursor = { sequence: 1, writer: 0 };
    const answer = await store.read(stream.streamId, cursor, 1);
    expect(answer).toMatchObject({ state: "expired", stream: { isBound: false } });
    const [head] = await store.heads([stream.streamId]);
    expect(head?.expiredAt).toBe((head?.endedAt ?? 0) + 50);
    expect(await store.append(ending)).toEqual({ state: "gone" });
    expect(await store.find("caller", "request-1")).toBeUndefined();
    const again = newStream({ requestId: "request-1", caller: "caller", fingerprint: "other" });
    expect(await store.create(again)).toEqual({ state: "created" });
  });

  it("keeps a long stream alive by its appends", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream({ requestId: "request-1" });
    await store.create(stream);
    const keys = (await redis.command("KEYS", "{steer}:*")) as string[];
    const own = keys.filter((key) => key.includes(":s:") || key.includes(":key:"));
    for (const key of own) await redis.command("PEXPIRE", key, "60000");
    await store.append(appendTo(stream, 2, 2));
    for (const key of own) expect(await redis.command("PTTL", key)).toBeLessThan(60_001);
    await redis.command("HSET", headKey(stream.streamId), "ttl", "1");
    await store.append(appendTo(stream, 3, 3));
    // Nobody may run the request later than it was said at the beginning.
    for (const key of own.filter((each) => !each.endsWith(":q"))) {
      expect(await redis.command("PTTL", key)).toBeGreaterThan(LONG_MS - 60_000);
    }
  });

  it("gives every key of a stream a time to live", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    const stream = newStream({ requestId: "request-1" });
    await store.create(stream);
    await store.claim(stream.streamId, 1, { session: "session-b", nonce: 77 });
    const keys = (await redis.command("KEYS", "{steer}:*")) as string[];
    const own = keys.filter((key) => key.includes(":s:") || key.includes(":key:"));
    expect(own).toHaveLength(4);
    for (const key of own) expect(await redis.command("PTTL", key)).toBeGreaterThan(600_000);
  });
});

describe("TLS", () => {
  const trusted = tls.getCACertificates("default");
  afterEach(() => tls.setDefaultCACertificates(trusted));

  it("is what rediss:// means, with a certificate that is verified", async () => {
    using certificates = makeCertificates("client");
    const port = await freePort();
    const { ca, serverCert, serverKey } = certificates;
    await useRedis({
      args: [
        "--tls-port",
        String(port),
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        ca,
      ].concat(["--tls-cert-file", serverCert, "--tls-key-file", serverKey]),
    });
    const store = openStore(`rediss://localhost:${port}`);
    await eventually(async () => (await refusal(store.heads([]))).message.includes("certificate"));
    tls.setDefaultCACertificates([...trusted, certificates.read(ca).toString()]);
    await eventually(() => isUp(store));
    expect(await store.create(newStream())).toEqual({ state: "created" });
  });
});

describe("credentials", () => {
  it("are used, and are in no error", async () => {
    const redis = await useRedis({ args: ["--requirepass", "s3cret/word"] });
    const { port } = redis;
    const right = openStore(`redis://default:s3cret%2Fword@127.0.0.1:${port}/2`);
    await eventually(() => isUp(right));
    const wrong = openStore(`redis://default:wr0ng-word@127.0.0.1:${port}`);
    let error: StoreUnavailable | undefined;
    await eventually(async () => {
      error = await refusal(wrong.heads([]));
      return error.message.includes("WRONGPASS");
    });
    const text = `${inspect(error, { depth: 10, showHidden: true })} ${error?.stack}`;
    expect(text).not.toContain("wr0ng");
    await redis.kill();
    expect(inspect(await refusal(right.heads([])), { depth: 10, showHidden: true })).not.toContain(
      "s3cret",
    );
  });

  it.each([
    "http://user:s3cret@host",
    "redis://user:s3cret@host:99999",
    "redis://user:s3cret@",
    "redis://user:s3cret@host/database",
    "s3cret",
  ])("refuses the URL %s without repeating it", (url) => {
    let error: unknown;
    try {
      createRedisStreams({ url, clock: systemClock });
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("s3cret");
  });
});
