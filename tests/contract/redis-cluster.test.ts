// The store in a Redis Cluster: slots that move, masters that die, clusters that cannot serve it.
// The rules of the port over a cluster are in stream-store.test.ts.
import { describe, expect, it } from "vitest";
import { ABSENT_KEY } from "../../src/store/redis/keys.ts";
import { StoreProblem } from "../../src/store/store-problem.ts";
import { headKey } from "../../src/streams/redis/stream-keys.ts";
import type { OpenStreams } from "../support/open-streams.ts";
import { isUp, type RedisServer } from "../support/redis.ts";
import type { RedisCluster } from "../support/redis-cluster.ts";
import {
  openStore,
  refusal,
  useRedis,
  useRedisCluster,
  useStore,
} from "../support/redis-in-test.ts";
import { eventually } from "../support/stack.ts";
import { appendTo, LONG_MS, logOf, newStream, success } from "../support/stored-streams.ts";

const SLOW_MS = 120_000;

async function replicaOf(cluster: RedisCluster, owner: RedisServer): Promise<RedisServer> {
  const answer = (await owner.command("ROLE")) as [string, number, [string, string][]];
  const port = Number(answer[2][0]?.[1]);
  const replica = cluster.nodes.find((node) => node.port === port);
  if (replica === undefined) throw new Error("the owner has no replica");
  return replica;
}

/** What is written from now on never reaches it. */
async function cutReplication(replica: RedisServer): Promise<void> {
  await replica.command("CONFIG", "SET", "masterauth", "wrong");
  await replica.command("CLIENT", "KILL", "TYPE", "master");
  await eventually(async () =>
    String(await replica.command("INFO", "replication")).includes("master_link_status:down"),
  );
}

async function hasBeenPromoted(replica: RedisServer): Promise<void> {
  await eventually(async () => {
    const answer = await replica.command("EXISTS", ABSENT_KEY).catch(() => undefined);
    return answer === 0;
  });
}

describe("field:S13 a Redis Cluster", () => {
  it(
    "serves by the URL of any node, and all keys are at one node",
    async () => {
      const cluster = await useRedisCluster();
      const stores = await Promise.all(cluster.nodes.map((node) => useStore(node)));
      const [first, second] = stores as [OpenStreams, OpenStreams];
      await first.openSession("session-a", LONG_MS);
      const stream = newStream({ requestId: "request-1" });
      expect(await first.create(stream)).toEqual({ state: "created" });
      const heard: number[] = [];
      await second.subscribe?.(stream.streamId, ({ last }) => heard.push(last));
      await first.append(appendTo(stream, 2, 5));
      await eventually(() => heard.length === 1);
      for (const store of stores) expect(await logOf(store, stream.streamId)).toHaveLength(5);
      const told: string[] = [];
      for (const store of stores) store.onBroadcast((bytes) => told.push(String(bytes)));
      await second.broadcast(Buffer.from("hello"));
      await eventually(() => told.length === 3);
      await first.append(appendTo(stream, 6, 6, { ending: success }));
      const owner = await cluster.owner();
      for (const node of cluster.nodes) {
        expect((await node.command("DBSIZE")) === 0).toBe(node !== owner);
      }
    },
    SLOW_MS,
  );

  it(
    "serves where one shard has all slots, and names the nodes by a list",
    async () => {
      const cluster = await useRedisCluster({ masters: 1 });
      const store = openStore(`redis://127.0.0.1:1,127.0.0.1:${cluster.nodes[0]?.port}`);
      await eventually(() => isUp(store));
      expect(await store.create(newStream())).toEqual({ state: "created" });
    },
    SLOW_MS,
  );

  it(
    "is refused with a database, and served without",
    async () => {
      const cluster = await useRedisCluster({ masters: 1 });
      const store = openStore(`${cluster.url}/2`);
      await eventually(async () => (await refusal(store.heads([]))) instanceof StoreProblem);
      expect(await refusal(store.heads([]))).toMatchObject({ code: "cluster", isFinal: true });
    },
    SLOW_MS,
  );

  it(
    "that does not serve the slot is an outage, and its end is noticed",
    async () => {
      const cluster = await useRedisCluster({ masters: 1, slots: [[0, 100]] });
      const store = openStore(cluster.url);
      await eventually(async () => (await refusal(store.heads([]))) instanceof StoreProblem);
      expect(await refusal(store.heads([]))).toMatchObject({
        code: "cluster",
        isFinal: false,
        outcome: "not-applied",
      });
      await cluster.nodes[0]?.command("CLUSTER", "ADDSLOTSRANGE", "101", "16383");
      await eventually(() => isUp(store));
    },
    SLOW_MS,
  );
});

describe("field:S13 the slot moves", () => {
  it(
    "refuses whole steps while its keys are at two nodes, then goes on at the new one",
    async () => {
      const cluster = await useRedisCluster();
      const [writer, reader] = [await useStore(cluster), await useStore(cluster)];
      await writer.openSession("session-a", LONG_MS);
      const streams = Array.from({ length: 5 }, () => newStream());
      for (const stream of streams) await writer.create(stream);
      const [stream = newStream()] = streams;
      const heard: number[] = [];
      await reader.subscribe?.(stream.streamId, ({ last }) => heard.push(last));
      const from = await cluster.owner();
      const to = await cluster.other();
      const finish = await cluster.beginMove(to);
      for (const each of streams) {
        expect(await refusal((async () => writer.append(appendTo(each, 2, 2)))())).toMatchObject({
          code: "cluster",
          isFinal: false,
          outcome: "not-applied",
        });
      }
      for (const step of [
        async () => writer.create(newStream({ requestId: "request-1" })),
        async () => writer.append(appendTo(stream, 2, 2, { ending: success })),
        async () => writer.claim(stream.streamId, 1, { session: "session-b", nonce: 9 }),
        async () => writer.renewSession("session-a", LONG_MS),
        async () => writer.reap(0, 10),
      ]) {
        expect(await refusal(step())).toMatchObject({ outcome: "not-applied" });
      }
      await finish();
      // No call fails for the move itself.
      expect(await writer.append(appendTo(stream, 2, 2))).toMatchObject({ state: "stored" });
      expect(await logOf(writer, stream.streamId)).toHaveLength(2);
      expect(await from.command("DBSIZE")).toBe(0);
      expect(await to.command("EXISTS", headKey(stream.streamId))).toBe(1);
      let last = 2;
      await eventually(async () => {
        await reader.touchReaders([stream.streamId]);
        last++;
        await writer.append(appendTo(stream, last, last));
        return heard.length > 0;
      });
    },
    SLOW_MS,
  );

  it(
    "loses and doubles nothing of what is written meanwhile",
    async () => {
      const cluster = await useRedisCluster();
      const store = await useStore(cluster);
      const stream = newStream();
      await store.create(stream);
      let tail = 1;
      let isOver = false;
      const writing = (async () => {
        while (!isOver) {
          const answer = await (async () =>
            store.append(appendTo(stream, tail + 1, tail + 1)))().catch(() => undefined);
          if (answer !== undefined) {
            expect(["stored", "repeated"]).toContain(answer.state);
            tail++;
          }
        }
      })();
      for (let round = 0; round < 4; round++) {
        const before = tail;
        await (await cluster.beginMove(await cluster.other()))();
        await eventually(() => tail > before + 3);
      }
      isOver = true;
      await writing;
      expect(await logOf(store, stream.streamId)).toHaveLength(tail);
    },
    SLOW_MS,
  );
});

describe("field:S13 the master of the slot dies", () => {
  it(
    "goes on at its replica, with all that it had",
    async () => {
      const cluster = await useRedisCluster({ hasReplicas: true });
      const owner = await cluster.owner();
      // The one node that the URL names is the one that dies.
      const [writer, reader] = [await useStore(owner), await useStore(owner)];
      const stream = newStream();
      await writer.create(stream);
      const heard: number[] = [];
      await reader.subscribe?.(stream.streamId, ({ last }) => heard.push(last));
      await writer.append(appendTo(stream, 2, 9));
      const before = await logOf(writer, stream.streamId);
      const replica = await replicaOf(cluster, owner);
      expect(await owner.command("WAIT", "1", "10000")).toBe(1);
      // Nothing tells the other nodes of it, and the connections stay open.
      owner.signal("SIGSTOP");
      await hasBeenPromoted(replica);
      await eventually(() => isUp(writer));
      expect(await logOf(writer, stream.streamId)).toEqual(before);
      const lastBefore = 9;
      let last = lastBefore;
      await eventually(async () => {
        await reader.touchReaders([stream.streamId]).catch(() => {});
        last++;
        await writer.append(appendTo(stream, last, last));
        // The reader can hear of a batch after its writer has the answer.
        return heard.some((sequence) => sequence > lastBefore);
      });
    },
    SLOW_MS,
  );

  it(
    "asks for what the replica did not have, and takes it from the owner's memory",
    async () => {
      const cluster = await useRedisCluster({ hasReplicas: true });
      const owner = await cluster.owner();
      const store = await useStore(owner);
      const stream = newStream();
      await store.create(stream);
      const replica = await replicaOf(cluster, owner);
      expect(await owner.command("WAIT", "1", "10000")).toBe(1);
      await cutReplication(replica);
      await store.append(appendTo(stream, 2, 9));
      await owner.kill();
      await hasBeenPromoted(replica);
      await eventually(() => isUp(store));
      expect(await store.append(appendTo(stream, 10, 10))).toMatchObject({ state: "gap", tail: 1 });
      // Another owner writes another end: a cursor of the lost one is not spliced to it.
      const cursor = { sequence: 9, writer: stream.token.nonce };
      expect(await store.claim(stream.streamId, 1, { session: "b", nonce: 7 })).toMatchObject({
        state: "claimed",
      });
      const token = { epoch: 2, nonce: 7 };
      await store.append(appendTo(stream, 2, 12, { token }));
      expect(await store.read(stream.streamId, cursor, 1)).toMatchObject({ state: "diverged" });
    },
    SLOW_MS,
  );
});

describe("field:S13 a server that is none of a cluster", () => {
  it("is refused where the URL names several", async () => {
    const redis = await useRedis();
    const store = openStore(`redis://127.0.0.1:${redis.port},127.0.0.1:${redis.port}`);
    await eventually(async () => (await refusal(store.heads([]))) instanceof StoreProblem);
    expect(await refusal(store.heads([]))).toMatchObject({ code: "cluster", isFinal: true });
  });

  it.each(["FCALL", "FUNCTION", "HELLO"])("is refused without %s", async (command) => {
    const redis = await useRedis({ args: ["--rename-command", command, ""] });
    const store = openStore(redis.url);
    await eventually(
      async () =>
        (await refusal(store.create(newStream()) as Promise<unknown>)) instanceof StoreProblem,
    );
    const error = await refusal(store.create(newStream()) as Promise<unknown>);
    expect(error).toMatchObject({ code: "version", isFinal: true });
    // The words of Redis repeat the arguments.
    expect(error.message).not.toContain("hello");
  });
});
