/** What became of each cell: its failure, empty where it is as it should be. */
export type Row = ReadonlyMap<string, string>;

const MARKS = { ok: "ok", failed: "FAILED", absent: "–" } as const;

/** A line for each cell's name, a column for each suite. */
export function table(rows: ReadonlyMap<string, Row>): string {
  const names = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))];
  const suites = [...rows.keys()];
  const first = Math.max(0, ...names.map((name) => name.length));
  const widths = suites.map((suite) => Math.max(suite.length, MARKS.failed.length));
  const line = (head: string, cells: readonly string[]): string =>
    [head.padEnd(first), ...cells.map((cell, index) => cell.padEnd(widths[index] ?? 0))]
      .join("  ")
      .trimEnd();
  const mark = (failure: string | undefined): string =>
    failure === undefined ? MARKS.absent : failure === "" ? MARKS.ok : MARKS.failed;
  return [
    line("", suites),
    ...names.map((name) =>
      line(
        name,
        suites.map((suite) => mark(rows.get(suite)?.get(name))),
      ),
    ),
  ].join("\n");
}

/** Every failure with what is known of it. */
export function details(rows: ReadonlyMap<string, Row>): string {
  return [...rows]
    .flatMap(([suite, row]) =>
      [...row]
        .filter(([, failure]) => failure !== "")
        .map(([name, failure]) => `${suite}: ${name}\n${failure.replaceAll(/^/gm, "    ")}\n`),
    )
    .join("\n");
}
