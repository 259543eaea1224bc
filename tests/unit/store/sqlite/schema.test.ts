import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, it } from "vitest";
import { prepareTables, type Schema } from "../../../../src/store/sqlite/schema.ts";

const opened: DatabaseSync[] = [];
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
});

/** A tenant whose table has a column for each of its versions. */
function schemaOf(tenant: string, versions: number): Schema {
  const columns = Array.from({ length: versions }, (_, index) => `v${index + 1}`);
  const upgrades = columns.slice(1).map((name) => `ALTER TABLE ${tenant} ADD COLUMN ${name}`);
  return { tenant, create: `CREATE TABLE ${tenant} (${columns})`, upgrades };
}

function openMemory(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  opened.push(db);
  return db;
}

function columnsOf(db: DatabaseSync, table: string): unknown[] {
  return db
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => name);
}

const versions = (db: DatabaseSync) => ({
  first: db.prepare("PRAGMA user_version").get()?.["user_version"],
  others: db
    .prepare("SELECT name, version FROM tenant")
    .all()
    .map((row) => ({ ...row })),
});

it("each tenant's tables go from the version they have to the latest one, step by step", () => {
  const db = openMemory();
  prepareTables(db, [schemaOf("first", 1), schemaOf("second", 1)], true);
  prepareTables(db, [schemaOf("first", 1), schemaOf("second", 3)], false);
  expect([columnsOf(db, "first"), columnsOf(db, "second")]).toEqual([["v1"], ["v1", "v2", "v3"]]);
  prepareTables(db, [schemaOf("first", 2), schemaOf("second", 3)], false);
  expect([columnsOf(db, "first"), columnsOf(db, "second")]).toEqual([
    ["v1", "v2"],
    ["v1", "v2", "v3"],
  ]);
  expect(versions(db)).toEqual({ first: 2, others: [{ name: "second", version: 3 }] });
  // Nothing is done twice.
  prepareTables(db, [schemaOf("first", 2), schemaOf("second", 3)], false);
});

it("a tenant alone has its version in the header, and no table beside its own", () => {
  const db = openMemory();
  prepareTables(db, [schemaOf("first", 2)], true);
  const tables = db
    .prepare("SELECT name FROM sqlite_schema")
    .all()
    .map(({ name }) => name);
  expect(tables).toEqual(["first"]);
  expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 2 });
});

it("a file without a table is empty whatever its header says", () => {
  const db = openMemory();
  db.exec("PRAGMA user_version = 2");
  prepareTables(db, [schemaOf("first", 2)], true);
  expect(columnsOf(db, "first")).toEqual(["v1", "v2"]);
});
