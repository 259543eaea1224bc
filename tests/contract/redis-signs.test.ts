// Who lives: what a store in Redis says of the owners of its streams after it was emptied, or away.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isUp, type RedisServer } from "../support/redis.ts";
import { useRedis, useStore } from "../support/redis-in-test.ts";
import { eventually } from "../support/stack.ts";
import { appendTo, encode, LONG_MS, newStream, success } from "../support/stored-streams.ts";

/** Long enough for what is done within it, on a machine that is busy. */
const TTL_MS = 3_000;

async function pair() {
  const redis = await useRedis();
  const [owner, other] = [await useStore(redis), await useStore(redis)];
  await owner.openSession("owner", TTL_MS);
  await other.openSession("other", LONG_MS);
  const streams = Array.from({ length: 25 }, () => newStream({ session: "owner" }));
  for (const stream of streams) await owner.create(stream);
  const orphans = async (): Promise<number> => (await other.orphans(100)).length;
  return { redis, owner, other, streams, orphans };
}

it("field:S16: a living owner loses no stream to a store that was emptied: to create is a sign of life", async () => {
  const { redis, owner, other, streams, orphans } = await pair();
  await redis.command("FLUSHALL");
  for (const stream of streams) {
    expect(await owner.append(appendTo(stream, 2, 2))).toEqual({ state: "gone" });
    await owner.create(stream);
  }
  await owner.putSnapshot("owner", encode("snapshot"));
  await other.renewSession("other", TTL_MS);
  // The sign alone, without the time that all have in a store that was emptied.
  await redis.command("DEL", "{steer}:settling");
  expect(await orphans()).toBe(0);
  expect(await other.snapshots()).toHaveLength(1);
  const [stream] = streams;
  const next = { session: "other", nonce: 9 };
  expect(await other.claim(stream?.streamId ?? "", 1, next)).toEqual({ state: "held" });
  expect((await other.heads([stream?.streamId ?? ""]))[0]).toMatchObject({ isOwnerAlive: true });
  // The sign counts for as long as a renewal does, and no longer.
  await eventually(async () => (await orphans()) === 25);
});

it("field:S16: a sign of life costs nothing where the last one still counts", async () => {
  const { redis, owner } = await pair();
  await redis.command("CONFIG", "RESETSTAT");
  await owner.create(newStream({ session: "owner", request: undefined }));
  const info = String(await redis.command("INFO", "commandstats"));
  expect(info).toMatch(/^cmdstat_xadd:calls=1,/m);
  expect(info).not.toMatch(/^cmdstat_set:/m);
});

it("field:S16: nothing is a sign of life of a session that was closed", async () => {
  const { redis, owner, other } = await pair();
  await owner.closeSession("owner");
  const late = newStream({ session: "owner" });
  await owner.create(late);
  expect(await redis.command("EXISTS", "{steer}:sess:owner")).toBe(0);
  expect((await other.heads([late.streamId]))[0]).toMatchObject({ isOwnerAlive: false });
});

it("field:S16: to claim is a sign of life", async () => {
  const { redis, owner, other, orphans } = await pair();
  const stream = newStream({ session: "dead" });
  await redis.command("FLUSHALL");
  await other.create(stream);
  const claim = await owner.claim(stream.streamId, 1, { session: "owner", nonce: 9 });
  expect(claim).toMatchObject({ state: "claimed", stream: { isOwnerAlive: true } });
  expect(await orphans()).toBe(0);
});

it("field:S16: nobody is dead in a store that was away for longer than sessions live, before a whole session", async () => {
  const { redis, owner, other, streams, orphans } = await pair();
  await redis.stop();
  await sleep(TTL_MS + 200);
  await redis.start();
  await eventually(async () => (await isUp(other)) && (await isUp(owner)));
  // The other replica is the first to be back.
  await other.renewSession("other", TTL_MS);
  expect(await orphans()).toBe(0);
  await owner.renewSession("owner", LONG_MS);
  const [first, ...rest] = streams;
  if (first !== undefined) await other.handOff(first.streamId, first.token, "lost");
  expect(await orphans()).toBe(1);
  await owner.closeSession("owner");
  // One that gives no sign is dead in the end, and what it owns is found.
  await other.renewSession("other", LONG_MS);
  await eventually(async () => (await orphans()) === 1 + rest.length);
});

/** A renewal that is the first sign of life after so long; one step, so that no time passes between. */
async function renewAfter(redis: RedisServer, silenceMs: number, ttlMs: number): Promise<void> {
  const libraries = JSON.stringify(await redis.command("FUNCTION", "LIST"));
  const [name = ""] = /steer_[0-9a-f]+_open_session/.exec(libraries) ?? [];
  const back = `local time = redis.call('TIME')
    local ms = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('SET', '{steer}:alive', ms - ARGV[1])`;
  await redis.command("MULTI");
  await redis.command("EVAL", back, "0", String(silenceMs));
  await redis.command("FCALL", name, "1", "{steer}:-", "alone", String(ttlMs));
  await redis.command("EXEC");
}

describe("a replica alone, after a silence", () => {
  it.each([
    // It says each second that it lives, and a bit later on a machine that is busy.
    { ttlMs: TTL_MS, silenceMs: 1_100, wasAway: false },
    { ttlMs: TTL_MS, silenceMs: 1_300, wasAway: false },
    { ttlMs: TTL_MS, silenceMs: 1_520, wasAway: true },
    { ttlMs: 3 * TTL_MS, silenceMs: 2_700, wasAway: false },
    { ttlMs: 3 * TTL_MS, silenceMs: 3_020, wasAway: true },
    { ttlMs: TTL_MS, silenceMs: 60_000, wasAway: true },
  ])(
    "of $silenceMs ms at sessions of $ttlMs ms: the dead are spared is $wasAway",
    async ({ ttlMs, silenceMs, wasAway }) => {
      const redis = await useRedis();
      const store = await useStore(redis);
      await store.openSession("alone", ttlMs);
      await store.openSession("dead", ttlMs);
      const stream = newStream({ session: "dead" });
      await store.create(stream);
      await redis.command("DEL", "{steer}:sess:dead", "{steer}:settling");
      await redis.command("ZADD", "{steer}:sessions", "1", "dead");
      await renewAfter(redis, silenceMs, ttlMs);
      expect(await redis.command("EXISTS", "{steer}:settling")).toBe(Number(wasAway));
      const left = Number(await redis.command("PTTL", "{steer}:settling"));
      expect(left).toBeLessThanOrEqual(ttlMs);
      await redis.command("PEXPIRE", "{steer}:settling", String(LONG_MS));
      expect(await store.orphans(10)).toHaveLength(wasAway ? 0 : 1);
      const next = { session: "alone", nonce: 9 };
      const claim = await store.claim(stream.streamId, 1, next);
      expect(claim.state).toBe(wasAway ? "held" : "claimed");
      // The silence is told once, however often it renews.
      await renewAfter(redis, 1_000, ttlMs);
      const settling = Number(await redis.command("PTTL", "{steer}:settling"));
      if (wasAway) expect(settling).toBeGreaterThan(ttlMs);
      else expect(settling).toBe(-2);
    },
  );

  it("in a store without sessions spares nobody", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await store.openSession("alone", TTL_MS);
    await redis.command("DEL", "{steer}:sessions", "{steer}:settling");
    await renewAfter(redis, 60_000, TTL_MS);
    expect(await redis.command("EXISTS", "{steer}:settling")).toBe(0);
  });

  it("of which the store has lost the last sign spares all", async () => {
    const redis = await useRedis();
    const store = await useStore(redis);
    await store.openSession("dead", LONG_MS);
    await store.create(newStream({ session: "dead" }));
    await redis.command("DEL", "{steer}:sess:dead", "{steer}:settling", "{steer}:alive");
    await redis.command("ZADD", "{steer}:sessions", "1", "dead");
    await store.openSession("alone", LONG_MS);
    expect(await store.orphans(10)).toEqual([]);
    // What it has said now is the last sign of the next time.
    await redis.command("DEL", "{steer}:settling");
    await store.renewSession("alone", LONG_MS);
    expect(await store.orphans(10)).toHaveLength(1);
  });
});

it("keeps the request of a stream no longer than somebody may run it, and a running stream not for a day", async () => {
  const { redis, owner } = await pair();
  const stream = newStream({ session: "owner", request: encode("prompt"), totalMs: 20_000.4 });
  await owner.create(stream);
  const life = async (what: string): Promise<number> =>
    Number(await redis.command("PTTL", `{steer}:s:${stream.streamId}:${what}`));
  expect(await life("q")).toBeGreaterThan(600_000);
  expect(await life("q")).toBeLessThanOrEqual(620_001);
  expect(await life("h")).toBeLessThanOrEqual(3_600_000);
  expect(await life(`w:${stream.token.nonce}`)).toBeLessThanOrEqual(3_600_000);
  await owner.append(appendTo(stream, 2, 2, { ending: success }));
  expect(await life("q")).toBe(-2);
  const long = newStream({ session: "owner", totalMs: 5 * 3_600_000 });
  await owner.create(long);
  expect(Number(await redis.command("PTTL", `{steer}:s:${long.streamId}:h`))).toBeGreaterThan(
    5 * 3_600_000,
  );
});
