import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../../src/store/sqlite/database.ts";
import { troubleOf } from "../../../../src/store/sqlite/errors.ts";
import { numberOf } from "../../../../src/store/sqlite/number-of.ts";
import { storeFull } from "../../../../src/store/store-unavailable.ts";
import { STREAM_SCHEMA } from "../../../../src/streams/sqlite/schema.ts";

let folder: string;
let path: string;
const opened: DatabaseSync[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-database-"));
  path = join(folder, "streams.db");
});
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
  rmSync(folder, { recursive: true });
});

function open(maxBytes?: number): DatabaseSync {
  const db = openDatabase({ path, maxBytes, schemas: [STREAM_SCHEMA] });
  opened.push(db);
  return db;
}

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

describe("a file of streams", () => {
  it.each([
    ["application_id", 0x53544552],
    ["user_version", 3],
    ["journal_mode", "wal"],
    ["locking_mode", "exclusive"],
    ["synchronous", 1],
    ["wal_autocheckpoint", 4_000],
    ["journal_size_limit", 4_000 * 4_096],
    ["cache_size", -32_768],
    ["temp_store", 2],
  ])("is opened with %s %s", (name, value) => {
    for (let turn = 0; turn < 2; turn++) {
      const db = openDatabase({ path, maxBytes: undefined, schemas: [STREAM_SCHEMA] });
      expect(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})).toEqual([value]);
      db.close();
    }
  });

  it.each([
    [1024 * 1024, 256],
    [1024 * 1024 - 1, 255],
    [undefined, 4_294_967_294],
  ])("of %s bytes has %i pages", (maxBytes, pages) => {
    expect(numberOf(open(maxBytes).prepare("PRAGMA max_page_count").get())).toBe(pages);
  });

  it("has its header from the start, so that nobody takes it for another's", () => {
    open();
    expect(statSync(path).size).toBeGreaterThan(4_096);
  });

  it("that cannot be opened is left as it is, and is not held", () => {
    writeFileSync(path, "no database ".repeat(1_000));
    expect(failure(() => open())).toMatchObject({ name: "StoreOpenError", failure: "corrupt" });
    writeFileSync(path, "");
    open();
  });
});

describe("what an error of an open file says of the store", () => {
  const insert = "INSERT INTO request (stream, body) VALUES (1, zeroblob(4000000))";

  it("full", () => {
    const db = open(1024 * 1024);
    expect(troubleOf(failure(() => db.exec(insert)))).toEqual({ cause: "full", code: "SQLITE_13" });
  });

  it("read-only", () => {
    const db = open();
    db.exec("PRAGMA query_only = ON");
    expect(troubleOf(failure(() => db.exec(insert)))).toEqual({
      cause: "read-only",
      code: "SQLITE_8",
    });
  });

  it("gone, where another file has its name", () => {
    writeFileSync(path, "no database ".repeat(1_000));
    const db = new DatabaseSync(path);
    opened.push(db);
    expect(troubleOf(failure(() => db.exec("SELECT * FROM stream")))).toEqual({
      cause: "file-gone",
      code: "SQLITE_26",
    });
  });

  it("gone, where there is none", () => {
    const error = failure(() => new DatabaseSync(join(folder, "none/streams.db")));
    expect(troubleOf(error)).toEqual({ cause: "file-gone", code: "SQLITE_14" });
  });

  it("nothing, where it is about the call", () => {
    const db = open();
    expect(troubleOf(failure(() => db.exec("INSERT INTO request VALUES (1, NULL)")))).toEqual({
      cause: "other",
      code: "SQLITE_1299",
    });
    expect(troubleOf(failure(() => db.exec("no statement")))).toEqual({
      cause: "other",
      code: "SQLITE_1",
    });
  });

  it("what the store itself has said", () => {
    expect(troubleOf(storeFull())).toEqual(storeFull().trouble);
    expect(troubleOf(failure(() => statSync(join(folder, "none"))))).toEqual({
      cause: "other",
      code: "",
    });
    expect(troubleOf(undefined)).toEqual({ cause: "other", code: "" });
  });
});

it("a number is the first column of a row, and 0 without one", () => {
  expect(numberOf({ count: 7, other: 8 })).toBe(7);
  expect(numberOf({ count: 7n })).toBe(7);
  expect([numberOf({}), numberOf(undefined)]).toEqual([0, 0]);
});
