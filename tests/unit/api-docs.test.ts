import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_REASONS, type ErrorReason } from "../../src/domain/error-reasons.ts";
import { type CodeName, errorRow } from "../../src/domain/error-table.ts";
import type { ErrorReasonRow } from "../../src/domain/reason-row.ts";

const ROOT = join(import.meta.dirname, "../..");

type ErrorEntry = readonly [code: CodeName, reasons: readonly ErrorReason[], when: string];

interface ErrorLists {
  readonly EVERY_CALL: readonly ErrorEntry[];
  readonly GENERATION: readonly ErrorEntry[];
  readonly METHODS: Readonly<Record<string, readonly ErrorEntry[]>>;
}

const { EVERY_CALL }: Pick<ErrorLists, "EVERY_CALL"> = await import(
  join(ROOT, "tools/api-docs/every-call-errors.mjs")
);
const { GENERATION, METHODS }: Omit<ErrorLists, "EVERY_CALL"> = await import(
  join(ROOT, "tools/api-docs/errors.mjs")
);
const ENTRIES = [...EVERY_CALL, ...GENERATION, ...Object.values(METHODS).flat()];
const ROWS: Readonly<Record<string, ErrorReasonRow>> = ERROR_REASONS;

/** Reasons with which no RPC ends: a row of the reference says so of each. */
const OF_NO_CALL: readonly ErrorReason[] = [
  "NOT_OWNER",
  "CALLER_RATE_LIMIT",
  "RETRY_BUDGET",
  // Of the vendors' APIs alone.
  "REQUEST_TOO_LARGE",
  "FIELD_UNPRICED",
  "PATH_UNKNOWN",
  "STREAM_RUNS",
  "RESPONSES_NOT_STORED",
  "ENCODER_UNKNOWN",
  "PREVIOUS_RESPONSE_NOT_FOUND",
];

describe("the errors of docs/api.md", () => {
  it("have reasons that the service gives, with the codes that it gives them", () => {
    for (const [code, reasons] of ENTRIES) {
      for (const reason of reasons) {
        const codes = ROWS[reason]?.kinds.map((kind) => errorRow(kind, reason).code);
        expect(codes, reason).toContain(code);
      }
    }
  });

  it("are all reasons that a call can end with", () => {
    const listed = ENTRIES.flatMap(([, reasons]) => reasons);
    const all = Object.keys(ERROR_REASONS) as ErrorReason[];
    expect(new Set([...listed, ...OF_NO_CALL])).toEqual(new Set(all));
  });
});
