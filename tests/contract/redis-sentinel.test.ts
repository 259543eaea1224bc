// The store behind Sentinels: they name the primary, and after its death the next one.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { StoreProblem } from "../../src/store/store-problem.ts";
import { isUp, type RedisServer } from "../support/redis.ts";
import { openStore, refusal, useRedis, useSentinels } from "../support/redis-in-test.ts";
import type { SentinelSet } from "../support/redis-sentinels.ts";
import { eventually } from "../support/stack.ts";
import { appendTo, logOf, newStream } from "../support/stored-streams.ts";

const SLOW_MS = 120_000;

async function hasBeenPromoted(sentinels: SentinelSet, { port }: RedisServer): Promise<void> {
  await eventually(async () => (await sentinels.primary()) === port);
}

describe("field:S13 Sentinels", () => {
  it(
    "name the next primary when one dies, with passwords of their own",
    async () => {
      const sentinels = await useSentinels({ password: "w0rd@", sentinelPassword: "0ther" });
      const [primary, replica] = sentinels.servers;
      const url = sentinels.url({ query: "?sentinel_password=0ther" });
      const [writer, reader] = [openStore(url), openStore(url)];
      await eventually(async () => (await isUp(writer)) && (await isUp(reader)));
      const stream = newStream();
      await writer.create(stream);
      const heard: number[] = [];
      await reader.subscribe?.(stream.streamId, ({ last }) => heard.push(last));
      await writer.append(appendTo(stream, 2, 9));
      const before = await logOf(writer, stream.streamId);
      expect(await primary.command("WAIT", "1", "10000")).toBe(1);
      await primary.kill();
      await hasBeenPromoted(sentinels, replica);
      await eventually(() => isUp(writer));
      expect(await logOf(writer, stream.streamId)).toEqual(before);
      let last = 9;
      await eventually(async () => {
        await reader.touchReaders([stream.streamId]).catch(() => {});
        last++;
        await writer.append(appendTo(stream, last, last));
        // The reader can hear of a batch after its writer has the answer.
        return heard.some((sequence) => sequence > 9);
      });
      // The old one takes itself for the primary until a Sentinel tells it.
      await primary.start();
      expect(await writer.append(appendTo(stream, last + 1, last + 1))).toMatchObject({
        state: "stored",
      });
    },
    SLOW_MS,
  );

  it(
    "refuse a wrong password, and know no other name",
    async () => {
      const sentinels = await useSentinels({ sentinelPassword: "0ther" });
      const wrong = openStore(sentinels.url({ query: "?sentinel_password=wr0ng" }));
      await eventually(async () => (await refusal(wrong.heads([]))).message.includes("WRONGPASS"));
      expect(inspect(await refusal(wrong.heads([])), { depth: 10 })).not.toContain("wr0ng");
      const query = "?sentinel_password=0ther";
      const unknown = openStore(sentinels.url({ master: "other", query }));
      await eventually(async () => (await refusal(unknown.heads([]))) instanceof StoreProblem);
      expect(await refusal(unknown.heads([]))).toMatchObject({ code: "sentinel", isFinal: true });
      const server = openStore(`redis://:0ther@127.0.0.1:${sentinels.ports[0]}`);
      await eventually(async () => (await refusal(server.heads([]))) instanceof StoreProblem);
      expect(await refusal(server.heads([]))).toMatchObject({
        code: "sentinel",
        message: expect.stringContaining("redis+sentinel://HOST/MASTER"),
      });
    },
    SLOW_MS,
  );

  it("are not what a server is", async () => {
    const redis = await useRedis();
    const store = openStore(`redis+sentinel://127.0.0.1:${redis.port}/main`);
    await eventually(async () => (await refusal(store.heads([]))) instanceof StoreProblem);
    expect(await refusal(store.heads([]))).toMatchObject({ code: "sentinel", isFinal: true });
  });
});
