import type { UsageRow } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { formatCount, formatMs, formatShare, toMs, UNKNOWN } from "../../parts/formats.ts";
import { roughMoney } from "../../parts/money.ts";
import { MoneyText } from "../../parts/money-text.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { groupName } from "./usage-series.ts";

/** Rows in the page; the CSV has all. */
const MAX_ROWS = 200;

const cachedShare = ({ inputTokens, cacheReadTokens }: UsageRow): number | undefined =>
  inputTokens === 0n ? undefined : Number(cacheReadTokens) / Number(inputTokens);

function number(title: string, of: (row: UsageRow) => bigint, hint?: string): Column<UsageRow> {
  return {
    title,
    isNumber: true,
    sortBy: of,
    cell: (row) => formatCount(of(row)),
    ...(hint !== undefined && { hint }),
  };
}

function Cost({ row: { costs, unpricedAttempts } }: { row: UsageRow }) {
  if (unpricedAttempts === 0n) return <MoneyText amounts={costs} />;
  const hint = `${formatCount(unpricedAttempts)} attempts used tokens of unknown price`;
  return <span title={hint}>{costs.length > 0 && <MoneyText amounts={costs} />} + unknown</span>;
}

const NUMBERS: readonly Column<UsageRow>[] = [
  number("Calls", ({ calls }) => calls),
  number("Failed", ({ failures }) => failures, "without cancelled ones"),
  number("Cancelled", ({ cancelled }) => cancelled),
  number("Input tokens", ({ inputTokens }) => inputTokens),
  {
    title: "Cached",
    hint: "share of the input tokens that a prompt cache served",
    isNumber: true,
    sortBy: cachedShare,
    cell: (row) => formatShare(cachedShare(row) ?? Number.NaN),
  },
  number("Output tokens", ({ outputTokens }) => outputTokens),
  number("Reasoning", ({ reasoningTokens }) => reasoningTokens, "part of the output tokens"),
  {
    title: "Cost",
    isNumber: true,
    sortBy: ({ costs }) => (costs[0] === undefined ? undefined : roughMoney(costs[0])),
    cell: (row) => <Cost row={row} />,
  },
  {
    title: "First token p50",
    isNumber: true,
    sortBy: ({ timeToFirstTokenP50 }) => toMs(timeToFirstTokenP50),
    cell: ({ timeToFirstTokenP50 }) => formatMs(toMs(timeToFirstTokenP50)),
  },
  {
    title: "p95",
    isNumber: true,
    sortBy: ({ timeToFirstTokenP95 }) => toMs(timeToFirstTokenP95),
    cell: ({ timeToFirstTokenP95 }) => formatMs(toMs(timeToFirstTokenP95)),
  },
  number("Retries", ({ retries }) => retries),
  number("Failovers", ({ failovers }) => failovers),
];

export interface UsageTableProps {
  readonly title: string;
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow | undefined;
}

/** The sums of each group, the largest by calls first. */
export function UsageTable({ title, rows, total }: UsageTableProps) {
  const columns: Column<UsageRow>[] = [
    {
      title,
      sortBy: groupName,
      cell: (row) => (
        <span class="name" title={groupName(row)}>
          {groupName(row)}
        </span>
      ),
    },
    ...NUMBERS,
  ];
  const sorted = rows.toSorted((one, other) => Number(other.calls - one.calls));
  const foot = total && (
    <tr>
      <td>total</td>
      {NUMBERS.map(({ title: column, cell }) => (
        <td key={column} class="number">
          {cell(total)}
        </td>
      ))}
    </tr>
  );
  return (
    <>
      <Table
        label="Usage by group"
        columns={columns}
        rows={sorted.slice(0, MAX_ROWS)}
        keyOf={groupName}
        foot={foot ?? UNKNOWN}
      />
      {rows.length > MAX_ROWS && (
        <p class="quiet">
          {formatCount(rows.length - MAX_ROWS)} more groups are in the total and in the CSV.
        </p>
      )}
    </>
  );
}
