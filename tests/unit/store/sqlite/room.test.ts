import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { createRoom } from "../../../../src/store/sqlite/room.ts";

const PAGE = 4_096;
const opened: DatabaseSync[] = [];
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
});

/** A database of one table, and room in it; an eviction answers what it is told to. */
function roomOf(maxPages: number | undefined, evicts = false) {
  const db = new DatabaseSync(":memory:");
  opened.push(db);
  db.exec("CREATE TABLE kept (body BLOB)");
  if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  const evictions: number[] = [];
  const room = createRoom(db, (now) => {
    evictions.push(now);
    return evicts;
  });
  const used = (): number => Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
  return { db, room, evictions, used };
}

describe("room in a file with a bound", () => {
  it.each([
    // An eighth of 256 pages, and 8 that trees may split into.
    [256, false, 32 + 8],
    [256, true, 8],
    // No more than 32 MiB.
    [100_000, false, 8_192 + 8],
    [100_000, true, 8],
  ])("of %i pages keeps a part for the last events: %s", (maxPages, isEnding, kept) => {
    const { room, evictions, used } = roomOf(maxPages);
    const left = (maxPages - used() - kept) * PAGE;
    expect(room.make(left, isEnding, 7)).toBe(true);
    expect(evictions).toEqual([]);
    // Nothing can go for it: only a last event is tried.
    expect(room.make(left + 1, isEnding, 7)).toBe(isEnding);
    expect(evictions).toEqual([7]);
  });

  it("has 64 streams deleted for one event, and no more", () => {
    const { room, evictions } = roomOf(256, true);
    expect(room.make(1024 * 1024, false, 9)).toBe(false);
    expect(evictions).toEqual(Array.from({ length: 64 }, () => 9));
    expect(room.make(1024 * 1024, true, 9)).toBe(true);
  });

  it("has as many deleted as it takes", () => {
    const { db, evictions } = roomOf(256);
    for (let row = 0; row < 20; row++) db.exec("INSERT INTO kept VALUES (zeroblob(40000))");
    const free = db.prepare("DELETE FROM kept WHERE rowid = (SELECT min(rowid) FROM kept)");
    const room = createRoom(db, (now) => {
      evictions.push(now);
      free.run();
      return true;
    });
    expect(room.make(100_000, false, 1)).toBe(true);
    expect(evictions.length).toBeGreaterThan(1);
    expect(evictions.length).toBeLessThan(6);
    // What was deleted is room.
    expect(room.make(100_000, false, 1)).toBe(true);
    expect(evictions.length).toBeLessThan(6);
  });

  it("is left as long as an event of no size would be taken", () => {
    const { room, db } = roomOf(256);
    expect(room.isLeft()).toBe(true);
    db.exec(`INSERT INTO kept VALUES (zeroblob(${200 * PAGE}))`);
    expect(room.isLeft()).toBe(true);
    db.exec(`INSERT INTO kept VALUES (zeroblob(${20 * PAGE}))`);
    expect(room.isLeft()).toBe(false);
    expect(room.make(0, true, 1)).toBe(true);
  });
});

it("a file without a bound has room for everything", () => {
  const { room, evictions } = roomOf(undefined);
  expect([room.isLeft(), room.make(2 ** 50, false, 1), evictions]).toEqual([true, true, []]);
});
