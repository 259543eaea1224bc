import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

type SortKey = string | number | bigint;

export interface Column<Row> {
  readonly title: string;
  /** Of the values below, for a title that is short. */
  readonly hint?: string;
  /** Aligned right, in figures of one width. */
  readonly isNumber?: boolean;
  /** Rows can be sorted by this value; undefined values are last. */
  readonly sortBy?: (row: Row) => SortKey | undefined;
  readonly cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  /** Says what the table lists, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Identifies a row among the others, also after a change. */
  readonly keyOf: (row: Row) => string;
  /** Beside the rows, last in the table: sums. */
  readonly foot?: ComponentChildren;
}

interface Sorting {
  readonly title: string;
  readonly isFalling: boolean;
}

function compare(one: SortKey | undefined, other: SortKey | undefined): number {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return one === undefined ? 1 : -1;
  return one < other ? -1 : 1;
}

/** The rows in the chosen order, and in their own order where they are equal. */
function sortRows<Row>(
  rows: readonly Row[],
  sortBy: (row: Row) => SortKey | undefined,
  isFalling: boolean,
): Row[] {
  const keyed = rows.map((row) => ({ row, key: sortBy(row) }));
  keyed.sort((one, other) => {
    const isUnknown = one.key === undefined || other.key === undefined;
    return compare(one.key, other.key) * (isFalling && !isUnknown ? -1 : 1);
  });
  return keyed.map(({ row }) => row);
}

/** A table in a region of its own that scrolls; a column with `sortBy` sorts the rows at a click. */
export function Table<Row>({ label, columns, rows, keyOf, foot }: TableProps<Row>) {
  const [sorting, setSorting] = useState<Sorting>();
  const chosen = columns.find(({ title }) => title === sorting?.title);
  const shown =
    chosen?.sortBy === undefined || sorting === undefined
      ? rows
      : sortRows(rows, chosen.sortBy, sorting.isFalling);
  return (
    // A region that scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys scroll it
    <section class="table-region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <ColumnHead
                key={column.title}
                column={column}
                sorting={column === chosen ? sorting : undefined}
                onSort={setSorting}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, isNumber, cell }) => (
                <td key={title} class={isNumber ? "number" : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot !== undefined && <tfoot>{foot}</tfoot>}
      </table>
    </section>
  );
}

interface ColumnHeadProps<Row> {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: (sorting: Sorting | undefined) => void;
}

function ColumnHead<Row>({ column, sorting, onSort }: ColumnHeadProps<Row>) {
  const { title, hint, isNumber, sortBy } = column;
  const kind = isNumber ? "number" : undefined;
  if (sortBy === undefined) {
    return (
      <th scope="col" class={kind} title={hint}>
        {title}
      </th>
    );
  }
  const order = sorting === undefined ? undefined : sorting.isFalling ? "descending" : "ascending";
  // Numbers are first sorted with the largest on top, texts from A to Z. The third click takes the order back.
  const first = isNumber === true;
  const isSecond = sorting !== undefined && sorting.isFalling === first;
  const next =
    sorting === undefined || isSecond
      ? { title, isFalling: sorting === undefined ? first : !first }
      : undefined;
  return (
    <th scope="col" class={kind} aria-sort={order} title={hint}>
      <button type="button" class="sort" onClick={() => onSort(next)}>
        {title}
        <span class="arrow" aria-hidden="true">
          {order === undefined ? "↕" : order === "descending" ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}
