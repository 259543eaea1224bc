// docs/logging.md against the list that the types force every line through, and that list against the
// places that write lines. tests/support/service.ts compares every line of every process with the list.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LOG_EVENTS, LOG_FIELDS } from "../../src/domain/log-line.ts";
import { type FieldList, logLineProblem } from "../support/log-line-problem.ts";

const ROOT = join(import.meta.dirname, "../..");

/** How the page writes what the list says. */
const TYPES: Readonly<Record<string, string>> = {
  text: "string",
  texts: "strings",
  map: "object of strings",
  flag: "boolean",
  count: "integer",
  tokens: "integer, tokens",
  bytes: "integer, bytes",
  ms: "integer, ms",
  seconds: "number, s",
  picos: "integer, 10⁻¹² of `currency`",
};

/** `name: type`, with a question mark where it can be absent. */
function rowsOf(fields: FieldList, path = ""): string[] {
  return Object.entries(fields).flatMap(([name, type]) => {
    if (typeof type !== "string") return rowsOf(type, `${path}${name}.`);
    const isOptional = type.endsWith("?");
    return `${path}${name}: ${TYPES[type.replace("?", "")]}${isOptional ? "?" : ""}`;
  });
}

/** The same of the page: a heading for each event, and a table of its fields. */
function pageRows(): Map<string, string[]> {
  const page = readFileSync(join(ROOT, "docs/logging.md"), "utf8");
  const sections = page.split(/^## /m).slice(1);
  return new Map(
    sections.flatMap((section) => {
      const heading = /^`([^`]+)`|^Every line/.exec(section);
      if (heading === null) return [];
      const rows = [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)];
      const lines = rows.map(([, name, type, when]) => {
        return `${name}: ${type}${when === "always" ? "" : "?"}`;
      });
      return [[heading[1] ?? "", lines] as const];
    }),
  );
}

function sources(): Map<string, string> {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  return new Map(
    files
      .filter((file) => file.endsWith(".ts"))
      .map((file) => [file, readFileSync(join(ROOT, "src", file), "utf8")]),
  );
}

describe("docs/logging.md", () => {
  it("has each event of the list, and each of its fields with type, unit and presence", () => {
    const listed = new Map<string, string[]>([["", rowsOf(LOG_FIELDS)]]);
    for (const [event, fields] of Object.entries(LOG_EVENTS)) listed.set(event, rowsOf(fields));
    expect([...pageRows().keys()].sort()).toEqual([...listed.keys()].sort());
    for (const [event, rows] of listed) {
      expect(pageRows().get(event)?.sort(), event).toEqual(rows.sort());
    }
  });
});

describe("the list of log lines", () => {
  it("has the events that are written, and no others", () => {
    const written = [...sources()]
      .filter(([file]) => !file.startsWith("domain"))
      .flatMap(([, text]) => [...text.matchAll(/\bevent: "([^"]+)"/g)].map(([, event]) => event));
    expect(new Set(written)).toEqual(new Set(Object.keys(LOG_EVENTS)));
  });

  it("has no field that nobody writes", () => {
    const all = [...sources()]
      .filter(([file]) => !file.includes("log-line"))
      .map(([, text]) => text);
    const names = Object.values<FieldList>(LOG_EVENTS).flatMap((fields) =>
      rowsOf(fields).map((row) => row.replace(/:.*/, "").replace(/^.*\./, "")),
    );
    for (const name of new Set(names)) {
      const use = new RegExp(`\\b${name}\\b`);
      expect(
        all.some((text) => use.test(text)),
        name,
      ).toBe(true);
    }
  });

  it("is the only way to standard output, which has one writer", () => {
    const writers = [...sources()]
      .filter(([file]) => !file.startsWith("cli"))
      .filter(([, text]) => /\bprocess\.stdout\b|\bconsole\.\w+\(/.test(text))
      .map(([file]) => file);
    expect(writers).toEqual(["process-log.ts"]);
  });

  it("holds against a line that is not in it", () => {
    const time = "1970-01-01T00:00:00.000Z";
    expect(logLineProblem({ time, event: "stopped" })).toBeUndefined();
    expect(logLineProblem({ time, event: "unheard" })).toContain("unheard");
    expect(logLineProblem({ time, event: "stopped", more: 1 })).toContain("more");
    expect(logLineProblem({ time, event: "warning" })).toContain("message");
    expect(logLineProblem({ time, event: "warning", message: 7 })).toContain("message");
    expect(logLineProblem({ time, event: "store back", seconds: 0.5 })).toBeUndefined();
    const audit = { time, event: "audit", caller: "a", method: "b", target: {}, result: {} };
    expect(logLineProblem(audit)).toBeUndefined();
    expect(logLineProblem({ ...audit, target: { more: 1 } })).toContain("target.more");
  });
});
