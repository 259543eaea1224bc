// What the page of the doors says of fields is what becomes of them.
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { carriedTables } from "../../support/door-requests/carried-tables.ts";
import { withTables } from "../../support/page-tables.ts";

const PAGE = new URL("../../../docs/doors.md", import.meta.url);

describe.each(Object.entries(carriedTables))("%s", (name, { head, rows }) => {
  const own = head.findIndex((cell) => cell.toLowerCase().includes(name.slice("carried-".length)));

  it.each(rows.map((row) => [row[0] ?? "", row] as const))(
    "%s is lost nowhere in silence",
    (_field, row) => {
      expect(row).not.toContain("lost");
      expect(row[own]).toBe("carried");
    },
  );
});

it("is written in the page: STEER_WRITE_PAGES=1 npx vitest run tests/unit/doors/carried-tables.test.ts", () => {
  const page = readFileSync(PAGE, "utf8");
  const made = withTables(page, carriedTables);
  if (process.env["STEER_WRITE_PAGES"] === "1") writeFileSync(PAGE, made);
  else expect(page).toBe(made);
});
