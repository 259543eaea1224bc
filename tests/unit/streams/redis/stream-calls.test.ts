import { describe, expect, it } from "vitest";
import type { Reply } from "../../../../src/store/redis/client.ts";
import type { RedisLibrary } from "../../../../src/store/redis/library.ts";
import { createOwnershipCalls } from "../../../../src/streams/redis/ownership-calls.ts";
import { createRetentionCalls } from "../../../../src/streams/redis/retention-calls.ts";
import { cleanupQuery, listQuery } from "../../../support/stored-streams.ts";

const blob = (text: string): Buffer => Buffer.from(text);

/** A record as Redis answers it, of which the name and the time of its creation matter. */
function record(streamId: string, createdAt: number): Reply {
  const fields: Reply[] = Array.from({ length: 28 }, () => blob("0"));
  fields[0] = blob(streamId);
  fields[16] = blob(String(createdAt));
  return fields;
}

function queriesOver(...answers: readonly Reply[]) {
  const asked: (readonly unknown[])[] = [];
  const call: RedisLibrary["call"] = async (name, key, args) => {
    asked.push([name, key, ...args]);
    return answers[asked.length - 1] ?? null;
  };
  const library: RedisLibrary = { call, callOr: (_, ...rest) => call(...rest) };
  const ownership = { library, ttlOf: () => "0", isSubscribed: () => false };
  const queries = { ...createOwnershipCalls(ownership), ...createRetentionCalls(library) };
  return { queries, asked };
}

describe("a listing in Redis", () => {
  it("asks for what is filtered, from the newest on, or behind a place", async () => {
    const { queries, asked } = queriesOver([[], null], [[], null]);
    const query = listQuery({
      phases: ["running", "failed"],
      provider: "openai",
      caller: "alice",
      olderThanMs: 5_000,
      limit: 7,
    });
    expect(await queries.list(query)).toEqual({ streams: [], next: undefined });
    await queries.list({ ...query, after: { createdAt: 12, streamId: "s.3" } });
    // Streams to look at, and streams to return.
    const filters = ["200", "7", "openai", "alice", "5000", "running", "failed"];
    expect(asked).toEqual([
      ["list", "", "+inf", "", ...filters],
      ["list", "", "12", "s.3", ...filters],
    ]);
  });

  it("goes on behind the last stream that it shows, or where Redis stopped", async () => {
    const all = [record("s.3", 30), record("s.2", 20), record("s.1", 10)];
    const place = [blob("5"), blob("s.0")];
    const list = async (limit: number, behind: Reply) => {
      // Redis returns no more than the limit.
      const page = await queriesOver([all.slice(0, limit), behind]).queries.list(
        listQuery({ limit }),
      );
      return [page.streams.map(({ streamId }) => streamId), page.next];
    };
    expect(await list(2, place)).toEqual([["s.3", "s.2"], { createdAt: 20, streamId: "s.2" }]);
    expect(await list(3, null)).toEqual([
      ["s.3", "s.2", "s.1"],
      { createdAt: 10, streamId: "s.1" },
    ]);
    expect(await list(4, place)).toEqual([
      ["s.3", "s.2", "s.1"],
      { createdAt: 5, streamId: "s.0" },
    ]);
    expect(await list(4, null)).toEqual([["s.3", "s.2", "s.1"], undefined]);
  });
});

describe("a cleanup in Redis", () => {
  const names = (from: number, count: number): Reply =>
    Array.from({ length: count }, (_, index) => blob(`s.${from + index}`));

  it("walks over all streams page by page, and adds up what each has done", async () => {
    const { queries, asked } = queriesOver(
      [5, 3, 1, 1_000, 0, names(1, 60), [blob("77"), blob("s.60")]],
      [50, 20, 2, 500, 1, names(61, 40), [blob("99"), blob("s.100")]],
      [1, 0, 0, 0, 0, [], null],
    );
    const query = cleanupQuery({ limit: 30, olderThanMs: 4_000, phases: ["failed", "completed"] });
    const { sample, ...counts } = await queries.cleanup(query);
    expect(counts).toEqual({
      matched: 56,
      deleted: 23,
      skipped: 3,
      freedBytes: 1_500,
      truncated: true,
    });
    expect([sample.length, sample[0], sample.at(-1)]).toEqual([100, "s.1", "s.100"]);
    const phases = ["failed", "completed"];
    // Pages of 200; what is left to delete and to name.
    expect(asked).toEqual([
      ["cleanup", "", "-inf", "", "200", "4000", "30", "100", "0", ...phases],
      ["cleanup", "", "77", "s.60", "200", "4000", "27", "40", "0", ...phases],
      ["cleanup", "", "99", "s.100", "200", "4000", "7", "0", "0", ...phases],
    ]);
  });

  it("only counts where it is told to, and is not cut short where nothing was left out", async () => {
    const { queries, asked } = queriesOver([2, 0, 0, 10, 0, names(1, 2), null]);
    expect(await queries.cleanup(cleanupQuery({ dryRun: true }))).toEqual({
      matched: 2,
      deleted: 0,
      skipped: 0,
      freedBytes: 10,
      truncated: false,
      sample: ["s.1", "s.2"],
    });
    expect(asked[0]?.[8]).toBe("1");
  });
});

describe("what else is asked of Redis", () => {
  it("names the keys of its streams", async () => {
    const { queries, asked } = queriesOver(
      record("s.1", 1),
      [record("s.1", 1), null],
      null,
      [record("s.2", 2)],
      blob("request"),
      null,
      4,
      2,
    );
    const key = "{steer}:s:s.1:h";
    expect(await queries.find("alice", "r")).toMatchObject({ streamId: "s.1" });
    expect(await queries.heads(["s.1", "s.9"])).toMatchObject([{ streamId: "s.1" }, undefined]);
    expect(await queries.requestCancel("s.1", "operator")).toBeUndefined();
    expect(await queries.orphans(16)).toMatchObject([{ streamId: "s.2" }]);
    expect(await queries.loadRequest("s.1")).toEqual(blob("request"));
    expect(await queries.loadRequest("s.1", 100)).toBeUndefined();
    expect(await queries.reap(3_600, 500)).toEqual({ expired: 4 });
    expect(await queries.discard(["s.1", "s.2"])).toEqual({ deleted: 2 });
    expect(asked).toEqual([
      ["find", "{steer}:key:1:r:alice"],
      ["heads", "", "s.1", "s.9"],
      ["request_cancel", key, "s.1", "operator"],
      ["orphans", "", "16"],
      ["load_request", key, "s.1", "-1"],
      ["load_request", key, "s.1", "99"],
      ["reap", "", "3600", "500"],
      ["discard", "", "s.1", "s.2"],
    ]);
  });

  it("is nothing for a call without a key", async () => {
    const { queries, asked } = queriesOver();
    expect(await queries.find("alice", "")).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
