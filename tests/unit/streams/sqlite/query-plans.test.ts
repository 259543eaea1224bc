// No statement on streams looks at all of them: SQLite itself says how it finds the rows.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { expect, it } from "vitest";
import { createLogCalls } from "../../../../src/streams/sqlite/log-calls.ts";
import { createOwnershipCalls } from "../../../../src/streams/sqlite/ownership-calls.ts";
import { createRetentionCalls } from "../../../../src/streams/sqlite/retention-calls.ts";
import { STREAM_SCHEMA } from "../../../../src/streams/sqlite/schema.ts";
import { createStreamTable } from "../../../../src/streams/sqlite/stream-table.ts";

/** A file that remembers the statements that are prepared. */
class Remembering extends DatabaseSync {
  readonly statements: string[] = [];

  override prepare(sql: string): StatementSync {
    this.statements.push(sql);
    return super.prepare(sql);
  }
}

function opened() {
  const db = new Remembering(":memory:");
  db.exec(STREAM_SCHEMA.create);
  return db;
}

const indexesOf = (db: DatabaseSync) =>
  db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name").all();

it("each statement finds its streams by an index, in the order that it needs", () => {
  const db = opened();
  const table = createStreamTable(db);
  createLogCalls(db, table);
  createOwnershipCalls(db, table);
  createRetentionCalls(db, table);
  const statements = db.statements.splice(0);
  expect(statements.length).toBeGreaterThan(20);
  for (const sql of statements) {
    const steps = db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
    const slow = steps
      .filter((step) => /^SCAN stream\b|TEMP B-TREE/.test(step))
      // This index has only the streams that the statement returns.
      .filter((step) => step !== "SCAN stream USING INDEX handedOff");
    expect(slow, sql).toEqual([]);
  }
});

it("a file of version 2 gets the indexes of a new one", () => {
  const db = opened();
  const indexes = indexesOf(db);
  db.exec(`ALTER TABLE stream DROP COLUMN keepsRequest;
    DROP INDEX owned; DROP INDEX handedOff; DROP INDEX running;
    CREATE INDEX running ON stream (createdAt) WHERE phase = 'running';`);
  db.exec(STREAM_SCHEMA.upgrades[1] ?? "");
  expect(indexesOf(db)).toEqual(indexes);
});
