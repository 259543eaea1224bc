import { valuePaths } from "../../src/config/key-paths.ts";
import { KEY_REFERENCE } from "../../src/config/key-reference.ts";
import type { KeyRow } from "../../src/config/reference/key-row.ts";
import { environmentName } from "../../src/config/sources.ts";

const TABLE = /(<!-- keys: (\w+) -->\n)[\s\S]*?(<!-- end of keys -->)/g;
const HEAD = ["| key, environment | values | default | meaning |", "|---|---|---|---|"];

const sections = new Set(valuePaths().map((path) => path.join(".")));

const cell = (text: string): string => text.replaceAll("|", "\\|");

function defaultOf({ default: value, defaultInWords }: KeyRow): string {
  return value === undefined ? (defaultInWords ?? "–") : `\`${value}\``;
}

/** An entry of a list has no variable of its own: the list is one, as JSON. */
function nameOf(key: string): string {
  const variable = sections.has(key) ? `<br>\`${environmentName(key.split("."))}\`` : "";
  return `\`${key}\`${variable}`;
}

function lineOf(row: KeyRow): string {
  return `| ${[nameOf(row.key), row.values, defaultOf(row), row.meaning].map(cell).join(" | ")} |`;
}

/** The page with the tables of the reference between its marks; the text around them is written by hand. */
export function withKeyTables(page: string): string {
  return page.replaceAll(
    TABLE,
    (_, start: string, name: keyof typeof KEY_REFERENCE, end: string) => {
      const lines = [...HEAD, ...KEY_REFERENCE[name].map(lineOf)];
      return `${start}\n${lines.join("\n")}\n\n${end}`;
    },
  );
}

/** The parts of the reference that the page has a place for. */
export function tablesOf(page: string): string[] {
  return [...page.matchAll(TABLE)].map(([, , name = ""]) => name);
}
