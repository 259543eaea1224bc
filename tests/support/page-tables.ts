/** A page's table that is generated from code. */
export interface PageTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

const lineOf = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;

function textOf({ head, rows }: PageTable): string {
  return [lineOf(head), `|${"---|".repeat(head.length)}`, ...rows.map(lineOf)].join("\n");
}

const MARK = /(<!-- (?:table|keys): ([\w-]+) -->\n)[\s\S]*?(<!-- end of (?:table|keys) -->)/g;

/** The page with each table between its marks. The text around them is written by hand. */
export function withTables(page: string, tables: Readonly<Record<string, PageTable>>): string {
  return page.replaceAll(MARK, (whole, start: string, name: string, end: string) => {
    const table = tables[name];
    return table === undefined ? whole : `${start}\n${textOf(table)}\n\n${end}`;
  });
}

/** Names of the tables that the page has marks for. */
export function tablesOf(page: string): string[] {
  return [...page.matchAll(MARK)].map(([, , name = ""]) => name);
}
