import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { drainFields } from "../../../src/config/drain.ts";
import { reliabilityFields } from "../../../src/config/reliability.ts";
import { timeoutFields } from "../../../src/config/targets.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PAGES = ["README.md", "docs/reliability.md", "docs/reloading.md"];
const text = PAGES.map((page) => readFileSync(join(ROOT, page), "utf8")).join("\n");

/** The keys of a section, and of those in it. */
function keysOf(fields: object): string[] {
  return Object.entries(fields).flatMap(([key, reader]: [string, { fields?: object }]) => [
    key,
    ...keysOf(reader.fields ?? {}),
  ]);
}

it.each([
  ...keysOf({ timeouts: { fields: timeoutFields } }),
  ...keysOf({ drain: drainFields }),
  ...keysOf({ retry: reliabilityFields.retry }),
])("field:E27 the key %s is on a page", (key) => {
  expect(text).toMatch(new RegExp(`\\b${key}\\b`));
});
