// The tables of each tenant, and their versions in the file.
import type { DatabaseSync } from "node:sqlite";
import { refusal } from "./errors.ts";
import { numberOf } from "./number-of.ts";

export interface Schema {
  /** Name of the tenant. No other tenant uses the names of its tables and indexes. */
  readonly tenant: string;
  /** Creates all tables in their latest version. */
  readonly create: string;
  /**
   * Statements that upgrade each released version to the next, beginning with version 1. The latest version is their
   * number plus one.
   */
  readonly upgrades: readonly string[];
}

const VERSIONS = "CREATE TABLE tenant (name TEXT PRIMARY KEY, version INTEGER NOT NULL)";

/** The first tenant has its version in the header, because it was once the only tenant; 0: no tables. */
function versionOf(db: DatabaseSync, { tenant }: Schema, isFirst: boolean): number {
  if (isFirst) return numberOf(db.prepare("PRAGMA user_version").get());
  if (!hasVersions(db)) return 0;
  return numberOf(db.prepare("SELECT version FROM tenant WHERE name = ?").get(tenant));
}

function hasVersions(db: DatabaseSync): boolean {
  const count = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'tenant'";
  return numberOf(db.prepare(count).get()) > 0;
}

function setVersion(db: DatabaseSync, schema: Schema, isFirst: boolean): void {
  const version = schema.upgrades.length + 1;
  if (isFirst) return db.exec(`PRAGMA user_version = ${version}`);
  if (!hasVersions(db)) db.exec(VERSIONS);
  db.prepare("INSERT OR REPLACE INTO tenant (name, version) VALUES (?, ?)").run(
    schema.tenant,
    version,
  );
}

/** Throws `StoreOpenError` if a later release has written the tables of a tenant. */
export function checkVersions(db: DatabaseSync, path: string, schemas: readonly Schema[]): void {
  for (const [index, schema] of schemas.entries()) {
    const version = versionOf(db, schema, index === 0);
    const known = schema.upgrades.length + 1;
    if (version <= known) continue;
    const detail = `has version ${version}, and this release knows ${known}: use a later one`;
    throw refusal("newer", path, detail);
  }
}

/**
 * Creates missing tables and upgrades existing ones, in the caller's transaction. `isEmpty`: the file has no table,
 * whatever its header says.
 */
export function prepareTables(
  db: DatabaseSync,
  schemas: readonly Schema[],
  isEmpty: boolean,
): void {
  for (const [index, schema] of schemas.entries()) {
    const version = isEmpty ? 0 : versionOf(db, schema, index === 0);
    if (version === schema.upgrades.length + 1) continue;
    const steps = version === 0 ? [schema.create] : schema.upgrades.slice(version - 1);
    for (const step of steps) db.exec(step);
    setVersion(db, schema, index === 0);
  }
}
