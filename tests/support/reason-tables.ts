import { ERROR_REASONS, type ErrorReason } from "../../src/domain/error-reasons.ts";
import { errorRow } from "../../src/domain/error-table.ts";
import type { ErrorReasonRow, WarningReasonRow } from "../../src/domain/reason-row.ts";
import { WARNING_REASONS } from "../../src/domain/warning-reasons.ts";
import { UNSERVED_REASONS } from "../../src/rpc/unserved-line.ts";
import type { PageTable } from "./page-tables.ts";

const YES_OR_NO = new Map([
  [true, "yes"],
  [false, "no"],
]);

function errorCells([reason, { kinds, when, who, todo }]: [string, ErrorReasonRow]): string[] {
  const rows = kinds.map((kind) => errorRow(kind, reason as ErrorReason));
  const codes = new Set(rows.map(({ code }) => code));
  const retryable = new Set(rows.map((row) => YES_OR_NO.get(row.retryable)));
  return [
    `\`${reason}\``,
    [...codes].join(", "),
    [...retryable].join(", "),
    when,
    todo === undefined ? who : `${who}: ${todo}`,
  ];
}

const warningCells = ([reason, { when, todo }]: [string, WarningReasonRow]): string[] => [
  `\`${reason}\``,
  when,
  todo,
];

/** The tables of `docs/errors.md`. */
export const reasonTables: Readonly<Record<string, PageTable>> = {
  errors: {
    head: ["reason", "code", "retryable", "when", "who can do what"],
    rows: Object.entries<ErrorReasonRow>(ERROR_REASONS).map(errorCells),
  },
  warnings: {
    head: ["reason", "when", "what the caller can do"],
    rows: Object.entries<WarningReasonRow>(WARNING_REASONS).map(warningCells),
  },
  unserved: {
    head: ["reason", "code that a client makes of it", "when"],
    rows: Object.entries(UNSERVED_REASONS).map(([reason, { code, when }]) => [
      `\`${reason}\``,
      code,
      when,
    ]),
  },
};
