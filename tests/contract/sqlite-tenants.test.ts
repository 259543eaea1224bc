// One file, one thread and one transaction for all tenants; tables and calls of their own for each.
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { SqliteEngine } from "../../src/store/sqlite/engine.ts";
import { createSqliteStreamStore } from "../../src/streams/sqlite/stream-store.ts";
import type { CounterCalls } from "../support/counter-thread.ts";
import { useSqliteFile } from "../support/sqlite-file.ts";
import { LONG_MS, newStream } from "../support/stored-streams.ts";

const COUNTER_THREAD = new URL("../support/counter-thread.ts", import.meta.url);

const current = useSqliteFile();

/** The streams, and a second tenant that a later release has. */
async function openBoth() {
  const { path, clock } = current();
  const engine = new SqliteEngine({ path, clock, maxBytes: undefined });
  const streams = createSqliteStreamStore(engine);
  const counters = engine.tenant<CounterCalls>(COUNTER_THREAD);
  await engine.open();
  await streams.openSession("session-a", LONG_MS);
  return { engine, streams, counters };
}

it("tenants share a transaction, and a call that fails takes none of another along", async () => {
  const { engine, streams, counters } = await openBoth();
  const stream = newStream();
  const [created, counted, bad] = await Promise.allSettled([
    streams.create(stream),
    counters.call("count", "a"),
    counters.call("count", "bad"),
  ]);
  expect([created, counted]).toMatchObject([{ value: { state: "created" } }, { value: 1 }]);
  expect(bad).toMatchObject({ reason: { name: "StoreUnavailable", outcome: "not-applied" } });
  expect(await counters.call("count", "a")).toBe(2);
  expect(await streams.heads([stream.streamId])).toMatchObject([{ tail: 1 }]);
  await engine.close();
});

it("a check of one tenant finds that the file is gone, and no tenant writes from then on", async () => {
  const { engine, streams, counters } = await openBoth();
  rmSync(current().path);
  const gone = { trouble: { cause: "file-gone" } };
  await expect(streams.check()).rejects.toMatchObject(gone);
  await expect(streams.create(newStream())).rejects.toMatchObject(gone);
  await expect(counters.call("count", "a")).rejects.toMatchObject(gone);
  await engine.close();
});

it("a file of streams alone gets the tables of a tenant that comes, and its release goes on with the file", async () => {
  const before = await current().open();
  const stream = newStream();
  await before.create(stream);
  await before.close();

  const { engine, streams, counters } = await openBoth();
  expect(await streams.heads([stream.streamId])).toMatchObject([{ tail: 1 }]);
  expect(await counters.call("count", "a")).toBe(1);
  await engine.close();

  const again = await current().open();
  expect(await again.heads([stream.streamId])).toMatchObject([{ tail: 1 }]);
  await again.close();
  const last = await openBoth();
  expect(await last.counters.call("count", "a")).toBe(2);
  await last.engine.close();
});

it("a file in which a later release has changed a tenant's tables is refused", async () => {
  const { engine } = await openBoth();
  await engine.close();
  const db = new DatabaseSync(current().path);
  db.exec("UPDATE tenant SET version = 2 WHERE name = 'counters'");
  db.close();
  await expect(openBoth()).rejects.toMatchObject({
    name: "StoreOpenError",
    failure: "newer",
    message: expect.stringContaining("has version 2, and this release knows 1"),
  });
});
