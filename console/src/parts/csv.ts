// Tables as CSV by RFC 4180, for spreadsheets.

export type CsvCell = string | number | bigint | undefined;

/** Spreadsheets take texts that begin so for formulas, also after white space. */
const FORMULA = /^\s*[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** A text that begins like a formula gets a `'` before it, which spreadsheets show as text. Numbers stay as they are. */
function cellText(cell: CsvCell): string {
  if (cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lines end with CR and LF. */
export function toCsv(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}
