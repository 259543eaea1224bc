const SPECIAL = /[",\r\n]/;
/** Programs for tables run cells that begin like this. */
const FORMULA = /^[=+\-@\t]/;

function cellOf(text: string): string {
  const safe = FORMULA.test(text) && text !== "-" ? `'${text}` : text;
  return SPECIAL.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows by RFC 4180, with line feeds. */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(cellOf).join(",")).join("\n");
}
