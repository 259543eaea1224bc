import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { BOUNDS } from "../../src/ledger/ledger-store.ts";
import { DAY_MS, HOUR_MS, hourOf } from "../../src/ledger/periods.ts";
import { createSqliteLedgerStore } from "../../src/ledger/sqlite/ledger-store.ts";
import { SqliteEngine } from "../../src/store/sqlite/engine.ts";
import { createSqliteStreamStore } from "../../src/streams/sqlite/stream-store.ts";
import { useSqliteFile } from "../support/sqlite-file.ts";

const current = useSqliteFile();

it("a file of version 1 of the ledger, whose releases packed nothing, goes on with its sums", async () => {
  const { path, clock } = current();
  const open = async () => {
    const engine = new SqliteEngine({ clock, path, maxBytes: undefined });
    createSqliteStreamStore(engine);
    const ledger = createSqliteLedgerStore(engine, { ...BOUNDS, packAfterHours: 1 });
    await engine.open();
    return { ledger, close: () => engine.close() };
  };
  const hour = hourOf(clock.wallTime()) - 30 * HOUR_MS;
  const rows = [{ hour, key: "a", sums: Float64Array.of(1, 5) }];
  const calls = async ({ ledger }: Awaited<ReturnType<typeof open>>) => {
    let sum = 0;
    await ledger.read({ grain: "hour", start: hour }, (_, numbers, first) => {
      sum += numbers[first + 1] ?? 0;
    });
    return sum;
  };
  const first = await open();
  await first.ledger.apply({ session: "s", number: 1, rows });
  await first.close();
  const file = new DatabaseSync(path);
  file.exec("DROP TABLE ledgerPacked; UPDATE tenant SET version = 1 WHERE name = 'ledger'");
  file.close();
  const next = await open();
  expect(await calls(next)).toBe(5);
  await next.ledger.tidy({ hoursMs: 90 * DAY_MS, daysMs: 400 * DAY_MS });
  await next.ledger.apply({ session: "s", number: 2, rows });
  expect(await calls(next)).toBe(10);
  await next.close();
});
