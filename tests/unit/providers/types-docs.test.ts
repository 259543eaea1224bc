import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as registry from "../../../src/providers/registry.ts";
import { typeTable } from "../../support/type-table.ts";

const PAGE = join(import.meta.dirname, "../../../docs/providers.md");

it("docs/providers.md has what the records of the types say", () => {
  const { simulator: _, ...types } = registry;
  const page = readFileSync(PAGE, "utf8").split("\n");
  const [head = ""] = typeTable({});
  const start = page.indexOf(head);
  const end = page.findIndex((line, index) => index > start && !line.startsWith("|"));
  expect(page.slice(start, end)).toEqual(typeTable(types));
});
