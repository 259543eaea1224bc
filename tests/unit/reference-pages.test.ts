// Each name that the code knows has one row in one page, and each row names something that exists.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KEY_REFERENCE } from "../../src/config/key-reference.ts";
import { ERROR_REASONS } from "../../src/domain/error-reasons.ts";
import { WARNING_REASONS } from "../../src/domain/warning-reasons.ts";
import { UNSERVED_REASONS } from "../../src/rpc/unserved-line.ts";
import { ATTRIBUTE_ROWS } from "../../src/telemetry/attribute-rows.ts";
import { metric } from "../../src/telemetry/metrics.ts";
import { attribute } from "../../src/telemetry/names.ts";
import { span } from "../../src/telemetry/spans.ts";
import { commandTables, flagNames, scriptNames } from "../support/command-tables.ts";
import { isGuide, pages, ROOT, repositoryFiles, textOf } from "../support/guide-pages.ts";
import { type PageTable, tablesOf, withTables } from "../support/page-tables.ts";
import { reasonTables } from "../support/reason-tables.ts";
import { telemetryTables } from "../support/telemetry-tables.ts";

const HOW_TO_WRITE =
  "if a name changed: STEER_WRITE_PAGES=1 npx vitest run tests/unit/reference-pages.test.ts";

const { metrics = { head: [], rows: [] }, ...traces } = telemetryTables;

/** Pages whose tables are made from the code. */
const MADE: Readonly<Record<string, Readonly<Record<string, PageTable>>>> = {
  "docs/errors.md": reasonTables,
  "docs/metrics.md": { metrics },
  "docs/traces.md": traces,
  "docs/cli.md": commandTables,
};

/** What the helpers alone say; all languages have the same, by the vectors that they play. */
function helperReasons(): string[] {
  const text = repositoryFiles("clients/typescript/*.ts").map(textOf).join("\n");
  const said = [...text.matchAll(/(?:reason: |reason = |giveUp\()"([A-Z_]+)"/g)];
  const own = said
    .map(([, name = ""]) => name)
    .filter((name) => !Object.hasOwn(ERROR_REASONS, name));
  return [...new Set(own)];
}

/** What the code knows, and the page that tells of it. */
const REFERENCE: Readonly<
  Record<string, { readonly page: string; readonly names: readonly string[] }>
> = {
  "configuration key": {
    page: "docs/configuration.md",
    names: Object.values(KEY_REFERENCE).flatMap((rows) => rows.map(({ key }) => key)),
  },
  reason: {
    page: "docs/errors.md",
    names: [
      ...[ERROR_REASONS, WARNING_REASONS, UNSERVED_REASONS].flatMap((rows) => Object.keys(rows)),
      ...helperReasons(),
    ],
  },
  metric: { page: "docs/metrics.md", names: Object.values(metric).map(({ name }) => name) },
  span: { page: "docs/traces.md", names: Object.values(span).map(({ name }) => name.trim()) },
  attribute: { page: "docs/traces.md", names: Object.values(attribute) },
  flag: { page: "docs/cli.md", names: flagNames },
  script: { page: "docs/cli.md", names: scriptNames },
};

if (process.env["STEER_WRITE_PAGES"] !== undefined) {
  for (const [page, tables] of Object.entries(MADE)) {
    writeFileSync(join(ROOT, page), withTables(readFileSync(join(ROOT, page), "utf8"), tables));
  }
}

/** What the rows of a page are about: the code at the beginning of each. */
function rowsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);
}

/** Its tables are of the contract: fields and enums can be called as keys and reasons are. */
const CONTRACT = "docs/api.md";

const rows = new Map(
  pages.filter((page) => isGuide(page) && page !== CONTRACT).map((page) => [page, rowsOf(page)]),
);

describe.each(Object.entries(MADE))("%s", (page, tables) => {
  it("is what the code makes", () => {
    expect(tablesOf(textOf(page)).sort()).toEqual(Object.keys(tables).sort());
    expect(textOf(page), HOW_TO_WRITE).toBe(withTables(textOf(page), tables));
  });
});

describe.each(Object.entries(REFERENCE))("each %s", (kind, { page, names }) => {
  it("has one row in its page", () => {
    expect(names.length).toBeGreaterThan(3);
    const counts = names.map((name) => [
      name,
      rows.get(page)?.filter((row) => row === name).length,
    ]);
    expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
  });

  it("has no row in another", () => {
    /** An attribute can have the name of a metric: those are two things. */
    const own = new Set(
      Object.values(REFERENCE)
        .filter((other) => other.page !== page)
        .flatMap((other) => other.names.map((name) => `${other.page} ${name}`)),
    );
    const elsewhere = [...rows]
      .filter(([other]) => other !== page)
      .flatMap(([other, found]) => found.map((row) => ({ other, row })))
      .filter(({ other, row }) => names.includes(row) && !own.has(`${other} ${row}`));
    expect(elsewhere, kind).toEqual([]);
  });
});

describe.each(["docs/configuration.md", ...Object.keys(MADE)])("%s", (page) => {
  it("has no row of what does not exist", () => {
    const known = new Set(
      Object.values(REFERENCE).flatMap((each) => (each.page === page ? each.names : [])),
    );
    expect(rows.get(page)?.filter((row) => !known.has(row))).toEqual([]);
  });
});

describe("the attributes", () => {
  it("are each of a span or of a metric", () => {
    const used = new Set<string>([
      ...Object.values(metric).flatMap(({ labels }) => labels),
      ...Object.values(span).flatMap(({ attributes }) => attributes),
    ]);
    expect(Object.keys(ATTRIBUTE_ROWS).filter((name) => !used.has(name))).toEqual([]);
  });

  it("have values in a list or in words", () => {
    const odd = Object.entries(ATTRIBUTE_ROWS).filter(
      ([, { values, inWords }]) => (values === undefined) === (inWords === undefined),
    );
    expect(odd).toEqual([]);
  });
});
