import { describe, expect, it } from "vitest";
import type { StreamFilter } from "../../../src/domain/stream-states.ts";
import type { StreamSummary } from "../../../src/gateway/stream-summary.ts";
import { createStreamOperations } from "../../../src/operations/stream-operations.ts";
import { LOOKED_AT } from "../../../src/streams/stream-query.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { sharedStore } from "../../support/shared-store.ts";
import { encode, LONG_MS, newStream } from "../../support/stored-streams.ts";
import { streamLog } from "../../support/stream-log.ts";

const SUMMARY: StreamSummary = {
  kind: "stream",
  generationId: "g.1",
  requestedModel: "simulator",
  model: "simulator",
  createTimeMs: 0,
  labels: {},
  heartbeatMs: 0,
  attempts: [],
};
const progress = { provider: "simulator", details: encode(JSON.stringify(SUMMARY)) };

const filter = (caller: string, phases: StreamFilter["phases"] = []): StreamFilter => ({
  phases,
  provider: "",
  caller,
  olderThanMs: 0,
});

/** One stream of "rare" behind so many of "often", and how often the store is asked. */
async function setUp(count: number) {
  const clock = createManualClock();
  const store = sharedStore(clock);
  const log = streamLog(store, clock, "here-1");
  await store.openSession("here-1", LONG_MS);
  const create = (caller: string) =>
    store.create(newStream({ session: "here-1", caller, progress }));
  await create("rare");
  await clock.advance(1);
  for (let index = 0; index < count; index++) await create("often");
  let asked = 0;
  const { list } = store;
  store.list = (query) => {
    asked++;
    return list(query);
  };
  const operations = createStreamOperations({ clock, log, endOrphan: async () => false });
  return { operations, asked: () => asked };
}

/** Streams of each page. */
async function pagesOf(
  { operations }: Awaited<ReturnType<typeof setUp>>,
  wanted: StreamFilter,
  size: number,
): Promise<number[]> {
  const pages: number[] = [];
  let token = "";
  do {
    const page = await operations.list(wanted, size, token);
    pages.push(page.streams.length);
    token = page.nextToken;
  } while (token !== "");
  return pages;
}

describe("a page of streams", () => {
  it("costs no more where little matches: it is empty, and not the last", async () => {
    const set = await setUp(11 * LOOKED_AT);
    const first = await set.operations.list(filter("rare"), 50, "");
    expect(first.streams).toEqual([]);
    expect(first.nextToken).not.toBe("");
    expect(set.asked()).toBe(5);
    expect(await pagesOf(set, filter("rare"), 50)).toEqual([0, 0, 1]);
    expect(await pagesOf(set, filter("nobody"), 50)).toEqual([0, 0, 0]);
    expect(await pagesOf(set, filter("nobody", ["running"]), 50)).toEqual([0, 0, 0]);
    expect(set.asked()).toBe(5 + 3 * 12);
  });

  it("is full where enough matches, however many it has", async () => {
    const set = await setUp(1_200);
    const pages = await pagesOf(set, filter(""), 500);
    expect(pages).toEqual([500, 500, 201]);
    expect(await pagesOf(set, filter("often"), 400)).toEqual([400, 400, 400]);
  });

  it("that ends with the last stream has no token", async () => {
    const set = await setUp(LOOKED_AT - 1);
    expect(await pagesOf(set, filter(""), LOOKED_AT)).toEqual([LOOKED_AT]);
    expect(await pagesOf(set, filter("rare"), 1)).toEqual([1]);
  });
});
