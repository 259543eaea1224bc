// The causes of trouble as a real server makes them; the words of all errors are in
// tests/unit/store/redis/errors.test.ts.
import { rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createClient } from "@redis/client";
import { afterEach, describe, expect, it } from "vitest";
import { StoreProblem } from "../../src/store/store-problem.ts";
import type { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { freePort } from "../support/free-port.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createRedisStreams } from "../support/open-streams.ts";
import { isUp, type RedisServer } from "../support/redis.ts";
import { openStore, refusal, useRedis, useStore } from "../support/redis-in-test.ts";
import { eventually } from "../support/stack.ts";
import { newStream } from "../support/stored-streams.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What a server does that refuses writes or all, and what of it can be undone. */
interface Trouble {
  readonly code: string;
  readonly cause: string;
  readonly args?: readonly string[];
  make(redis: RedisServer): Promise<unknown>;
  /** Undefined: another server is needed. */
  readonly undo?: (redis: RedisServer) => Promise<unknown>;
}

const set = (redis: RedisServer, name: string, value: string): Promise<unknown> =>
  redis.command("CONFIG", "SET", name, value);

/** A connection beside those of the store. */
async function connect({ url }: RedisServer) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  ends.push(() => client.destroy());
  return client.connect();
}

/** A script that does not end by itself. */
async function occupy(redis: RedisServer): Promise<void> {
  await set(redis, "busy-reply-threshold", "1");
  const other = await connect(redis);
  other.sendCommand(["EVAL", "while true do end", "0"]).catch(() => {});
  await eventually(() => isBusy(redis));
}

async function isBusy(redis: RedisServer): Promise<boolean> {
  const answer = await redis.command("EXISTS", "x").catch((error: Error) => error.message);
  return String(answer).startsWith("BUSY");
}

/** The script ends some instructions after it is told to. */
async function free(redis: RedisServer): Promise<void> {
  await redis.command("SCRIPT", "KILL");
  await eventually(async () => !(await isBusy(redis)));
}

const TROUBLES: readonly Trouble[] = [
  {
    code: "OOM",
    cause: "full",
    make: (redis) => set(redis, "maxmemory", "1"),
    undo: (redis) => set(redis, "maxmemory", "0"),
  },
  {
    code: "NOREPLICAS",
    cause: "read-only",
    make: (redis) => set(redis, "min-replicas-to-write", "1"),
    undo: (redis) => set(redis, "min-replicas-to-write", "0"),
  },
  {
    code: "MISCONF",
    cause: "read-only",
    args: ["--appendonly", "no", "--save", "3600 1000"],
    async make(redis) {
      rmSync(redis.dataFolder, { recursive: true });
      await redis.command("BGSAVE");
      await eventually(async () =>
        String(await redis.command("INFO", "persistence")).includes("last_bgsave_status:err"),
      );
    },
    undo: (redis) => set(redis, "stop-writes-on-bgsave-error", "no"),
  },
  {
    code: "NOPERM",
    cause: "other",
    make: (redis) => redis.command("ACL", "SETUSER", "default", "-fcall"),
    undo: (redis) => redis.command("ACL", "SETUSER", "default", "+fcall"),
  },
  {
    code: "BUSY",
    cause: "other",
    make: occupy,
    undo: free,
  },
];

describe("a server that refuses", () => {
  it.each(TROUBLES)(
    "$code: it is not applied, has its cause, and is over when it is undone",
    async (trouble) => {
      const { code, cause, args = [], make, undo } = trouble;
      const redis = await useRedis({ args });
      const store = await useStore(redis);
      await make(redis);
      const stream = newStream();
      const refused = await refusal((async () => store.create(stream))());
      expect(refused).toMatchObject({ outcome: "not-applied", trouble: { cause, code } });
      expect((await refusal(store.check())).trouble).toEqual({ cause, code });
      await undo?.(redis);
      await store.check();
      // Not applied: it is not there yet.
      expect(await store.heads([stream.streamId])).toEqual([undefined]);
      expect(await store.create(stream)).toEqual({ state: "created" });
    },
  );

  it("while it loads its data: LOADING", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    for (let key = 0; key < 200; key++) await redis.command("SET", `key${key}`, "x".repeat(1_000));
    await set(redis, "loading-process-events-interval-bytes", "1024");
    await set(redis, "key-load-delay", "5000");
    const other = await connect(redis);
    const loaded = other.sendCommand(["DEBUG", "RELOAD"]);
    let code = "";
    await eventually(async () => {
      const error = await store.check().catch((reason: unknown) => reason);
      if (error !== undefined) code = (error as StoreUnavailable).trouble.code;
      return code !== "";
    });
    const refused = await refusal((async () => store.create(newStream()))());
    expect([code, refused.outcome, refused.trouble]).toEqual([
      "LOADING",
      "not-applied",
      { cause: "other", code: "LOADING" },
    ]);
    await set(redis, "key-load-delay", "0");
    await loaded;
    await store.check();
  });

  it.each([
    {
      code: "READONLY",
      args: [],
      ask: async (store: StreamStore) => store.create(newStream()),
    },
    {
      code: "MASTERDOWN",
      args: ["--replica-serve-stale-data", "no"],
      ask: (store: StreamStore) => store.heads([]),
    },
  ])("because it has become a replica: $code", async ({ code, args, ask }) => {
    const redis = await useRedis({ args });
    const store = await useStore(redis);
    await redis.command("REPLICAOF", "127.0.0.1", String(await freePort()));
    const first = await refusal(ask(store));
    expect(first).toMatchObject({ outcome: "not-applied", trouble: { cause: "read-only", code } });
    // It was left, so that the name of the store can lead to another server.
    await eventually(async () => (await refusal(ask(store))).message.includes("is a replica"));
    expect((await refusal(store.check())).trouble).toEqual({ cause: "read-only", code: "" });
    await redis.command("REPLICAOF", "NO", "ONE");
    await eventually(() => isUp(store));
    await store.check();
  });
});

/** What a store says once it has tried to connect. On a busy machine a try can come to nothing in its time. */
async function connecting(url: string): Promise<unknown> {
  const store = openStore(url);
  let last = await refusal(store.check());
  await eventually(async () => {
    last = await refusal(store.check());
    const isLate = last instanceof StoreProblem && last.trouble.cause === "timeout";
    return !isLate && !last.message.includes("not connected yet");
  });
  expect(last.outcome).toBe("not-applied");
  const isFinal = last instanceof StoreProblem && last.isFinal;
  return { ...last.trouble, ...(isFinal && { isFinal }) };
}

async function listen(accept: (socket: Socket) => void): Promise<string> {
  const server = createServer(accept).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  ends.push(() => server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a connection that does not come about", () => {
  it("is refused by the password", async () => {
    const { url } = await useRedis({ args: ["--requirepass", "right"] });
    expect(await connecting(url)).toEqual({ cause: "wrong-password", code: "NOAUTH" });
    const wrong = url.replace("redis://", "redis://:wrong@");
    expect(await connecting(wrong)).toEqual({ cause: "wrong-password", code: "WRONGPASS" });
  });

  it("meets nobody, a port that hangs up, or a host that nobody knows", async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    expect(await connecting(nobody)).toEqual({ cause: "refused", code: "ECONNREFUSED" });
    const closing = await listen((socket) => socket.once("data", () => socket.end()));
    expect(await connecting(closing)).toEqual({ cause: "refused", code: "CLOSED" });
    const resetting = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await connecting(resetting)).toMatchObject({ cause: "refused" });
    expect(await connecting("redis://store.invalid")).toMatchObject({ cause: "unknown-host" });
  });

  it("meets a server that has no place for it, or lacks a command", async () => {
    const full = await useRedis();
    await set(full, "maxclients", "1");
    expect(await connecting(full.url)).toEqual({ cause: "refused", code: "ERR" });
    const { url } = await useRedis({ args: ["--rename-command", "HELLO", ""] });
    expect(await connecting(url)).toEqual({ cause: "version", code: "ERR", isFinal: true });
  });

  it("says what is known of one host, though another is only refused", async () => {
    const server = `127.0.0.1:${(await useRedis()).port}`;
    const nobody = `127.0.0.1:${await freePort()}`;
    const known = { cause: "cluster", code: "", isFinal: true };
    expect(await connecting(`redis://${nobody},${server}`)).toEqual(known);
    expect(await connecting(`redis://${server},${nobody}`)).toEqual(known);
  });

  it("meets a port that does not speak TLS", async () => {
    const url = await listen((socket) => socket.end("-ERR no TLS here\r\n"));
    const code = "ERR_SSL_WRONG_VERSION_NUMBER";
    expect(await connecting(url.replace("redis", "rediss"))).toEqual({ cause: "tls", code });
  });
});

describe("a server that says nothing", () => {
  async function opened(url: string): Promise<{ store: StreamStore; clock: ManualClock }> {
    const clock = createManualClock();
    const store = createRedisStreams({ url, clock });
    ends.push(() => store.close());
    return { store, clock };
  }

  it("to a new connection", async () => {
    const accepted: Socket[] = [];
    const url = await listen((socket) => void accepted.push(socket.resume()));
    const { store, clock } = await opened(url);
    await eventually(async () => accepted.length === 2);
    await clock.advance(2_000);
    const error = await refusal(store.check());
    expect([error.trouble, error.outcome]).toEqual([{ cause: "timeout", code: "" }, "not-applied"]);
    for (const socket of accepted) socket.destroy();
  });

  it("any more", async () => {
    const redis = await useRedis();
    const { store, clock } = await opened(redis.url);
    await eventually(() => isUp(store));
    redis.signal("SIGSTOP");
    await clock.advance(2_000);
    const asked = refusal(store.check());
    await clock.advance(2_000);
    const silent = { cause: "timeout", code: "" };
    expect(await asked).toMatchObject({ outcome: "unknown", trouble: silent });
    await clock.advance(1_000);
    const error = await refusal(store.check());
    expect([error.trouble, error.outcome]).toEqual([silent, "not-applied"]);
    redis.signal("SIGCONT");
  });
});
