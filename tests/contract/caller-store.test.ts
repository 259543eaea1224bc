// The rules of the port, over every engine.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  CallerStore,
  FeedPosition,
  FeedRecord,
  RecordChange,
} from "../../src/callers/caller-store.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { callersRedis, type OpenedCallers, useCallerStores } from "../support/caller-stores.ts";

const START: FeedPosition = { feed: "", version: 0 };
const put = (name: string, value = name): RecordChange => ({ name, value });
const del = (name: string): RecordChange => ({ name, value: undefined });

/** Writes at the store's position. */
async function write(store: CallerStore, ...changes: RecordChange[]): Promise<void> {
  const { feed, version } = await store.changes(0, 1);
  expect(await store.write(changes, { feed, version }, "feed-1")).toBe(true);
}

async function recordsAfter(store: CallerStore, after: number): Promise<readonly FeedRecord[]> {
  return (await store.changes(after, 1_000)).records;
}

const callerStores = useCallerStores();

describe.each(callerStores)("$name", ({ open, isLasting }) => {
  let opened: OpenedCallers;
  let store: CallerStore;

  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(() => opened.close());

  it("an empty feed has no name, no version and no record", async () => {
    expect(await store.changes(0, 10)).toEqual({ feed: "", version: 0, forgotten: 0, records: [] });
  });

  it("each change has the next version, and the feed keeps its first name", async () => {
    await write(store, put("a"), put("b"));
    await store.write([put("c")], { feed: "feed-1", version: 2 }, "feed-2");
    expect(await store.changes(0, 10)).toEqual({
      feed: "feed-1",
      version: 3,
      forgotten: 0,
      records: [
        { name: "a", version: 1, value: "a" },
        { name: "b", version: 2, value: "b" },
        { name: "c", version: 3, value: "c" },
      ],
    });
  });

  it.each([
    ["another version", { feed: "feed-1", version: 2 }],
    ["another feed", { feed: "feed-0", version: 1 }],
    ["the beginning", START],
  ])("nothing is written by who expects %s", async (_name, expected) => {
    await write(store, put("a"));
    const before = await store.changes(0, 10);
    expect(await store.write([put("b"), del("a")], expected, "feed-2")).toBe(false);
    expect(await store.changes(0, 10)).toEqual(before);
  });

  it("of writers that expect the same, one writes", async () => {
    await write(store, put("a"));
    const expected = { feed: "feed-1", version: 1 };
    const writers = Array.from({ length: 10 }, (_, index) =>
      store.write([put("b", `writer-${index}`)], expected, ""),
    );
    expect((await Promise.all(writers)).filter(Boolean)).toHaveLength(1);
    expect((await store.changes(0, 10)).version).toBe(2);
  });

  it("a page ends at its limit, and the next one goes on behind its last version", async () => {
    await write(store, ...Array.from({ length: 7 }, (_, index) => put(`r${index}`)));
    const first = await store.changes(0, 3);
    expect(first.records.map(({ name }) => name)).toEqual(["r0", "r1", "r2"]);
    const second = await store.changes(3, 3);
    expect(second.records.map(({ name }) => name)).toEqual(["r3", "r4", "r5"]);
    expect((await store.changes(6, 3)).records).toHaveLength(1);
    expect((await store.changes(7, 3)).records).toEqual([]);
  });

  it("a record that changes moves to the end, and a deleted one leaves a tombstone there", async () => {
    await write(store, put("a"), put("b"), put("c"));
    await write(store, put("a", "new"), del("b"));
    expect(await recordsAfter(store, 0)).toEqual([
      { name: "c", version: 3, value: "c" },
      { name: "a", version: 4, value: "new" },
      { name: "b", version: 5, value: undefined },
    ]);
    await write(store, put("b", "again"));
    expect(await recordsAfter(store, 4)).toEqual([{ name: "b", version: 6, value: "again" }]);
  });

  it("old tombstones go with the next write, and the feed says up to which version", async () => {
    await write(store, put("a"), put("b"));
    await write(store, del("a"));
    await opened.age();
    expect(await recordsAfter(store, 2)).toHaveLength(1);
    await write(store, put("c"));
    const page = await store.changes(0, 10);
    expect(page).toMatchObject({ version: 4, forgotten: 3 });
    expect(page.records.map(({ name }) => name)).toEqual(["b", "c"]);
    // A record that is there again is no tombstone.
    await write(store, del("b"));
    await write(store, put("b"));
    await opened.age();
    await write(store, put("d"));
    const names = (await recordsAfter(store, 0)).map(({ name }) => name);
    expect(names).toEqual(["c", "b", "d"]);
  });

  it("values are kept as they are", async () => {
    const values = ["", "x".repeat(60_000), 'ü "quotes" \\ \u0000 \u{1f600}', "null", "5"];
    await write(store, ...values.map((value, index) => put(`r${index}`, value)));
    expect((await recordsAfter(store, 0)).map(({ value }) => value)).toEqual(values);
  });

  it("the last use of a key never goes back", async () => {
    await store.noteUses([
      { prefix: "k1", usedAt: 1_700_000_060_000 },
      { prefix: "k2", usedAt: 5 },
    ]);
    await store.noteUses([
      { prefix: "k1", usedAt: 1_700_000_000_000 },
      { prefix: "k2", usedAt: 6 },
    ]);
    expect(await store.lastUses(["k2", "none", "k1"])).toEqual([6, undefined, 1_700_000_060_000]);
    await store.forgetUses(["k1"]);
    expect(await store.lastUses(["k1", "k2"])).toEqual([undefined, 6]);
    expect(await store.lastUses([])).toEqual([]);
    await store.noteUses([]);
    await store.forgetUses([]);
  });

  it.runIf(isLasting)("what was written is there for others", async () => {
    await write(store, put("a"), put("b"));
    await write(store, del("a"));
    await store.noteUses([{ prefix: "k1", usedAt: 7 }]);
    const before = await store.changes(0, 10);
    const next = await opened.reopen();
    expect(await next.changes(0, 10)).toEqual(before);
    expect(await next.lastUses(["k1"])).toEqual([7]);
  });
});

it("in a Redis without memory nothing is added, and deletions go through", async () => {
  const redis = callerStores.find(({ name }) => name === "redis");
  const opened = await redis?.open();
  if (opened === undefined) throw new Error("no redis");
  const { store } = opened;
  await write(store, put("a"));
  await (await callersRedis()).command("CONFIG", "SET", "maxmemory", "1");
  const position = { feed: "feed-1", version: 1 };
  await expect(store.write([put("b")], position, "")).rejects.toThrow(StoreUnavailable);
  expect(await store.write([del("a")], position, "")).toBe(true);
  expect(await recordsAfter(store, 1)).toEqual([{ name: "a", version: 2, value: undefined }]);
  await opened.close();
});
