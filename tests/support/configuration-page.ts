import { valuePaths } from "../../src/config/key-paths.ts";
import { KEY_REFERENCE } from "../../src/config/key-reference.ts";
import type { KeyRow } from "../../src/config/reference/key-row.ts";
import { environmentName } from "../../src/config/sources.ts";
import { type PageTable, withTables } from "./page-tables.ts";

const sections = new Set(valuePaths().map((path) => path.join(".")));

function defaultOf({ default: value, defaultInWords }: KeyRow): string {
  return value === undefined ? (defaultInWords ?? "–") : `\`${value}\``;
}

/** An entry of a list has no variable of its own: the list is one variable, as JSON. */
function nameOf(key: string): string {
  const variable = sections.has(key) ? `<br>\`${environmentName(key.split("."))}\`` : "";
  return `\`${key}\`${variable}`;
}

function tableOf(rows: readonly KeyRow[]): PageTable {
  return {
    head: ["key, environment", "values", "default", "meaning"],
    rows: rows.map((row) => [nameOf(row.key), row.values, defaultOf(row), row.meaning]),
  };
}

/** The page with the tables of the reference between its marks. The text around them is written by hand. */
export function withKeyTables(page: string): string {
  const tables = Object.entries(KEY_REFERENCE).map(
    ([name, rows]) => [name, tableOf(rows)] as const,
  );
  return withTables(page, Object.fromEntries(tables));
}
