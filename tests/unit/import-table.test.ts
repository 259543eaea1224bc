// tools/import-table.json says which folder imports which: its page has every row, and each entry is of use.
import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, repositoryFiles, textOf } from "../support/guide-pages.ts";
import { type PageTable, withTables } from "../support/page-tables.ts";

const PAGE = "docs/architecture.md";
const HOW_TO_WRITE =
  "if the table changed: STEER_WRITE_PAGES=1 npx vitest run tests/unit/import-table.test.ts";

interface ImportTable {
  readonly shared: readonly string[];
  readonly rows: Readonly<Record<string, ImportRow>>;
}

interface ImportRow {
  readonly imports: readonly string[];
  readonly why: string;
}

const { shared, rows } = JSON.parse(textOf("tools/import-table.json")) as ImportTable;

const listOf = (paths: readonly string[]): string =>
  paths.length === 0 ? "nothing" : paths.map((path) => `\`${path}\``).join(", ");

const imports: PageTable = {
  head: ["folder or file", "imports besides", "because"],
  rows: Object.entries(rows).map(([place, row]) => [
    shared.includes(place) ? `\`${place}\`, which all import` : `\`${place}\``,
    listOf(row.imports),
    row.why,
  ]),
};

if (process.env["STEER_WRITE_PAGES"] !== undefined) {
  writeFileSync(join(ROOT, PAGE), withTables(readFileSync(join(ROOT, PAGE), "utf8"), { imports }));
}

it("is in the page", () => {
  expect(textOf(PAGE), HOW_TO_WRITE).toContain("<!-- table: imports -->");
  expect(textOf(PAGE), HOW_TO_WRITE).toBe(withTables(textOf(PAGE), { imports }));
});

const files = repositoryFiles("src/*.ts", "clients/typescript/*.ts");

/** Whether a path of the table, with `*` for one name, holds a file. */
function holds(path: string, file: string): boolean {
  const whole = path.endsWith("/") ? `${path}**` : path;
  return posix.matchesGlob(file, whole);
}

function rowOf(file: string): string | undefined {
  return Object.keys(rows).findLast((place) => holds(place, file));
}

const named = files.flatMap((file) =>
  [...textOf(file).matchAll(/(?:from|import|import\() ?"(\.[^"]+)"/g)].map(([, name = ""]) => ({
    row: rowOf(file),
    file,
    target: posix.join(posix.dirname(file), name),
  })),
);

describe.each(Object.entries(rows))("the row of %s", (place, row) => {
  it("is of a file that there is", () => {
    expect(files.map(rowOf)).toContain(place);
  });

  it("lists nothing that its files do not import", () => {
    const own = named.filter((each) => each.row === place);
    const isUsed = (path: string) =>
      own.some(({ file, target }) =>
        holds(posix.join(path.startsWith("../") ? posix.dirname(file) : "", path), target),
      );
    expect(row.imports.filter((path) => !isUsed(path))).toEqual([]);
  });
});
