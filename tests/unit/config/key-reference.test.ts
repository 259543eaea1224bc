import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Config } from "../../../src/config/config.ts";
import { keyPaths, valuePaths } from "../../../src/config/key-paths.ts";
import { KEY_REFERENCE, keyRow } from "../../../src/config/key-reference.ts";
import { fromFile } from "../../support/config-file.ts";
import { withKeyTables } from "../../support/configuration-page.ts";
import { tablesOf } from "../../support/page-tables.ts";

const ROOT = join(import.meta.dirname, "../../..");
const FILE = join(ROOT, "docs/configuration.md");
const HOW_TO_WRITE =
  "if a key changed: STEER_WRITE_PAGES=1 npx vitest run tests/unit/config/key-reference.test.ts";

if (process.env["STEER_WRITE_PAGES"] !== undefined) {
  writeFileSync(FILE, withKeyTables(readFileSync(FILE, "utf8")));
}
const PAGE = readFileSync(FILE, "utf8");

/** A tree in which every key of `paths` that has a default has it as its own value. */
function withDefaults(paths: readonly (readonly (string | number)[])[]): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const path of paths) {
    const text = keyRow(path.join("."))?.default;
    if (text === undefined) continue;
    let section = tree;
    for (const step of path.slice(0, -1)) {
      section[String(step)] ??= {};
      section = section[String(step)] as Record<string, unknown>;
    }
    // Scalars may be texts; lists and mappings are JSON.
    section[String(path.at(-1))] = /^[[{]/.test(text) ? JSON.parse(text) : text;
  }
  return tree;
}

const configOf = (tree: object): Config => fromFile(stringify(tree));

/** The keys of a list's entries that have a default, beside what an entry needs. */
function entryWithDefaults(list: string, needed: object): object {
  const paths = keyPaths()
    .filter((key) => key.startsWith(`${list}[].`) && !key.slice(list.length + 3).includes("."))
    .filter((key) => keyRow(key)?.default !== undefined);
  const pairs = paths.map((key) => {
    const text = keyRow(key)?.default ?? "";
    return [key.slice(list.length + 3), /^[[{]/.test(text) ? JSON.parse(text) : text];
  });
  return { ...Object.fromEntries(pairs), ...needed };
}

describe("the reference of the configuration's keys", () => {
  it("has a row for every key of the schema, and none for others", () => {
    const paths = keyPaths();
    const keys = Object.values(KEY_REFERENCE).flatMap((rows) => rows.map(({ key }) => key));
    const isKnown = (key: string): boolean =>
      paths.some((path) => path === key || path.startsWith(`${key}.`));
    expect(paths.filter((path) => keyRow(path) === undefined)).toEqual([]);
    expect(keys.filter((key) => !isKnown(key))).toEqual([]);
  });

  it("is what the page has", () => {
    expect(tablesOf(PAGE).sort()).toEqual(Object.keys(KEY_REFERENCE).sort());
    expect(PAGE, HOW_TO_WRITE).toBe(withKeyTables(PAGE));
  });

  it("has true defaults: a file that says them all changes nothing", () => {
    const tree = withDefaults(valuePaths());
    expect(Object.keys(tree).length).toBeGreaterThan(12);
    expect(configOf(tree)).toEqual(configOf({}));
  });

  it.each([
    ["providers", { id: "mine", type: "openai" }],
    ["models", { id: "mine", provider: "simulator" }],
  ])("has true defaults of the entries of %s", (list, needed) => {
    const said = entryWithDefaults(list, needed);
    expect(Object.keys(said).length).toBeGreaterThan(Object.keys(needed).length + 2);
    const [one, other] = [said, needed].map((entry) => configOf({ [list]: [entry] }));
    const strip = ({ providers, models }: Config = configOf({})) => ({
      providers,
      // An empty list of names says the same as none.
      models: models.map(({ aliases = [], fallbacks = [], ...rest }) => ({
        failoverOnContentFilter: false,
        ...rest,
        aliases,
        fallbacks,
      })),
    });
    expect(strip(one)).toEqual(strip(other));
  });

  it.each(Object.values(KEY_REFERENCE).flatMap((rows) => rows.map(({ key }) => key)))(
    "field:E27 the key %s is on the page",
    (key) => {
      expect(PAGE).toContain(`| \`${key}\``);
    },
  );

  it("names every default in words or as a value, but not both", () => {
    const both = Object.values(KEY_REFERENCE)
      .flat()
      .filter((row) => "default" in row && "defaultInWords" in row);
    expect(both).toEqual([]);
  });
});
