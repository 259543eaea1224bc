import { expect, it } from "vitest";
import { LOOKED_AT, newestFirst } from "../../../src/streams/stream-query.ts";
import type { ListQuery, StoredStream } from "../../../src/streams/stream-store.ts";
import { listAll } from "../../support/list-all.ts";
import {
  appendTo,
  cleanupQuery,
  failure,
  listQuery,
  progressOf,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

export function listRules(under: StoreUnderTest): void {
  const current = useStore(under);

  async function idsOf(overrides: Partial<ListQuery> = {}): Promise<string[]> {
    const found = await listAll(current().store, listQuery(overrides));
    return found.map(({ streamId }) => streamId);
  }

  it("answers the newest first", async () => {
    const { create, wait } = current();
    const ids: string[] = [];
    for (let index = 0; index < 4; index++) {
      ids.unshift((await create()).streamId);
      await wait(5);
    }
    expect(await idsOf()).toEqual(ids);
    expect(await idsOf({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await idsOf({ limit: 4 })).toEqual(ids);
  });

  it("goes on where a page ended, those of one millisecond included", async () => {
    const { store, create, wait } = current();
    const ids: string[] = [];
    for (let index = 0; index < 25; index++) {
      ids.push((await create()).streamId);
      if (index % 10 === 0) await wait(5);
    }
    const pages: StoredStream[] = [];
    let after: ListQuery["after"];
    for (let call = 0; call < 20; call++) {
      const page = await store.list(listQuery({ limit: 4, after }));
      expect(page.streams.length).toBeLessThanOrEqual(4);
      pages.push(...page.streams);
      after = page.next;
      if (after === undefined) break;
    }
    expect(pages.map(({ streamId }) => streamId).sort()).toEqual(ids.sort());
    expect(pages).toEqual([...pages].sort(newestFirst));
  });

  it("is not disturbed by streams that come and go between its pages", async () => {
    const { store, create, createEnded, wait } = current();
    const oldest = await create();
    await wait(5);
    const middle = await createEnded();
    await wait(5);
    await create();
    const { next: after } = await store.list(listQuery({ limit: 1 }));
    await store.cleanup(cleanupQuery());
    await wait(5);
    await create();
    expect(await idsOf({ after })).toEqual([oldest.streamId]);
    expect(await idsOf()).not.toContain(middle.streamId);
  });

  it("filters by phase, an orphan being none of the running", async () => {
    const { store, create, createEnded } = current();
    const running = await create();
    const completed = await createEnded();
    const failed = await createEnded({}, failure);
    const cancelled = await createEnded({}, { phase: "cancelled", freesKey: true });
    const orphan = await create({ session: "session-gone" });
    const endedOrphan = await createEnded({ session: "session-gone" });
    expect(await idsOf({ phases: ["running"] })).toEqual([running.streamId]);
    expect(await idsOf({ phases: ["orphaned"] })).toEqual([orphan.streamId]);
    expect(await idsOf({ phases: ["failed"] })).toEqual([failed.streamId]);
    const ended = await idsOf({ phases: ["completed", "cancelled"] });
    const expected = [completed, cancelled, endedOrphan].map(({ streamId }) => streamId);
    expect(ended.sort()).toEqual(expected.sort());
    expect(await idsOf()).toHaveLength(6);
    await store.handOff(running.streamId, running.token, "planned");
    expect(await idsOf({ phases: ["running"] })).toEqual([running.streamId]);
  });

  it("filters by provider as the progress last named it, and by caller", async () => {
    const { store, create } = current();
    const a = await create({ caller: "a", progress: progressOf("openai") });
    const b = await create({ caller: "b", progress: progressOf("openai") });
    const c = await create({ caller: "a", progress: progressOf("openai") });
    await store.append(appendTo(c, 2, 2, { progress: progressOf("xai") }));
    expect((await idsOf({ provider: "openai" })).sort()).toEqual([a.streamId, b.streamId].sort());
    expect(await idsOf({ provider: "xai" })).toEqual([c.streamId]);
    expect(await idsOf({ caller: "b" })).toEqual([b.streamId]);
    expect(await idsOf({ caller: "a", provider: "openai" })).toEqual([a.streamId]);
    expect(await idsOf({ caller: "nobody" })).toEqual([]);
    expect(await idsOf({ provider: "openai", limit: 1 })).toHaveLength(1);
  });

  it("fills a page with what matches, however much does not", async () => {
    const { create, wait } = current();
    const wanted = [await create({ caller: "wanted" }), await create({ caller: "wanted" })];
    await wait(5);
    for (let index = 0; index < 30; index++) await create();
    const found = await idsOf({ caller: "wanted", limit: 2 });
    expect(found.sort()).toEqual(wanted.map(({ streamId }) => streamId).sort());
  });

  it("looks at a bounded number of streams in one answer, and goes on where it has stopped", async () => {
    const { store, create, wait } = current();
    const wanted = await create({ caller: "wanted" });
    await wait(5);
    await Promise.all(Array.from({ length: 2 * LOOKED_AT }, () => create()));
    const pages: number[] = [];
    let after: ListQuery["after"];
    do {
      const page = await store.list(listQuery({ caller: "wanted", after }));
      pages.push(page.streams.length);
      expect(page.streams.every(({ streamId }) => streamId === wanted.streamId)).toBe(true);
      after = page.next;
    } while (after !== undefined);
    expect(pages).toEqual([0, 0, 1]);
    // The same among those that still run, which stores find by themselves.
    const running = listQuery({ phases: ["running"], caller: "wanted" });
    expect(await store.list(running)).toMatchObject({ streams: [], next: {} });
    expect(await listAll(store, running)).toMatchObject([{ streamId: wanted.streamId }]);
    const ended = listQuery({ phases: ["completed"] });
    expect(await store.list(ended)).toMatchObject({ streams: [], next: {} });
    expect(await listAll(store, ended)).toEqual([]);
  });

  it("filters by the age of the last event", async () => {
    const { store, create, wait } = current();
    const old = await create();
    const refreshed = await create();
    await wait(1_000);
    await store.append(appendTo(refreshed, 2, 2));
    await create();
    expect(await idsOf({ olderThanMs: 900 })).toEqual([old.streamId]);
    expect(await idsOf({ olderThanMs: 0 })).toHaveLength(3);
  });

  it("leaves out what has expired", async () => {
    const { store, create, createEnded } = current();
    await createEnded();
    const running = await create();
    await store.cleanup(cleanupQuery());
    expect(await idsOf()).toEqual([running.streamId]);
    expect(await idsOf({ phases: ["completed"] })).toEqual([]);
  });
}
