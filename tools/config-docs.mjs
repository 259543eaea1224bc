// The tables of docs/configuration.md, made from the reference of the configuration's keys.
//   node tools/config-docs.mjs [--check]
// --check exits 1 when a table on disk is another one. The text around the tables is written by hand.
import { readFileSync, writeFileSync } from "node:fs";
import { valuePaths } from "../src/config/key-paths.ts";
import { KEY_REFERENCE, referenceGaps } from "../src/config/key-reference.ts";
import { environmentName } from "../src/config/sources.ts";

const FILE = "docs/configuration.md";
const TABLE = /(<!-- keys: (\w+) -->\n)[\s\S]*?(<!-- end of keys -->)/g;

const sections = new Set(valuePaths().map((path) => path.join(".")));

const cell = (text) => text.replaceAll("|", "\\|");

function defaultOf({ default: value, defaultInWords }) {
  return value === undefined ? (defaultInWords ?? "–") : `\`${value}\``;
}

/** An entry of a list has no variable of its own: the list is one, as JSON. */
function nameOf(key) {
  const variable = sections.has(key) ? `<br>\`${environmentName(key.split("."))}\`` : "";
  return `\`${key}\`${variable}`;
}

function table(rows) {
  const lines = rows.map((row) =>
    [nameOf(row.key), row.values, defaultOf(row), row.meaning].map(cell).join(" | "),
  );
  const head = ["| key, environment | values | default | meaning |", "|---|---|---|---|"];
  return [...head, ...lines.map((line) => `| ${line} |`)].join("\n");
}

const { missing, unknown } = referenceGaps();
if (missing.length + unknown.length > 0) {
  for (const key of missing) console.log(`${key} has no row in src/config/reference`);
  for (const key of unknown) console.log(`${key} has a row in src/config/reference and is no key`);
  process.exit(1);
}

const page = readFileSync(FILE, "utf8");
const left = new Set(Object.keys(KEY_REFERENCE));
const made = page.replaceAll(TABLE, (_, start, name, end) => {
  left.delete(name);
  return `${start}\n${table(KEY_REFERENCE[name])}\n\n${end}`;
});
if (left.size > 0) {
  console.log(`${FILE} has no place for the keys of ${[...left].join(", ")}`);
  process.exit(1);
}
if (process.argv.includes("--check")) {
  if (made !== page) {
    console.log(`${FILE} is not what \`npm run generate\` makes`);
    process.exit(1);
  }
} else {
  writeFileSync(FILE, made);
}
