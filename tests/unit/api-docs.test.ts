import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/service/steer/v1/error_pb.ts";
import { Code, type CodeName, errorRow } from "../../src/domain/error-table.ts";
import { kindOf } from "../../src/rpc/error-category.ts";

const ROOT = join(import.meta.dirname, "../..");

type ErrorEntry = readonly [code: CodeName, reasons: readonly string[], when: string];

interface ErrorLists {
  readonly EVERY_CALL: readonly ErrorEntry[];
  readonly GENERATION: readonly ErrorEntry[];
  readonly METHODS: Readonly<Record<string, readonly ErrorEntry[]>>;
}

const { EVERY_CALL, GENERATION, METHODS }: ErrorLists = await import(
  join(ROOT, "tools/api-docs/errors.mjs")
);
const ENTRIES = [...EVERY_CALL, ...GENERATION, ...Object.values(METHODS).flat()];

/** Codes that the service's own table gives to reasons. */
function tableOfReasons(): Map<string, CodeName> {
  const rows = Object.values(ErrorCategory).flatMap((category) => {
    const kind = kindOf(category);
    return kind === undefined ? [] : [errorRow(kind, undefined)];
  });
  return new Map(rows.map(({ reason, code }) => [reason, code]));
}

describe("the errors of docs/api.md", () => {
  it("have reasons that the service gives, with the codes that it gives them", () => {
    const source = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(ROOT, "src", file), "utf8"))
      .join("\n");
    const table = tableOfReasons();
    for (const [code, reasons] of ENTRIES) {
      expect(Object.keys(Code)).toContain(code);
      for (const reason of reasons) {
        // `CANCELLED_BY_` is put together with who has cancelled.
        expect(source).toMatch(reason.replace(/^CANCELLED_BY_.*/, "CANCELLED_BY_"));
        expect(table.get(reason) ?? code, reason).toBe(code);
        expect(errorRow("validation", reason).code).toBeOneOf([code, "INVALID_ARGUMENT"]);
      }
    }
  });
});
