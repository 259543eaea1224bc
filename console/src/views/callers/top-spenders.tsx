import {
  UsageInterval,
  type UsageRow,
  UsageScope,
} from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { usage } from "../../api.ts";
import { formatCount, UNKNOWN } from "../../parts/formats.ts";
import { roughMoney } from "../../parts/money.ts";
import { MoneyText } from "../../parts/money-text.tsx";
import { Notice } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { hrefOf } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";

const SHOWN = 10;
const EVERY_MS = 30_000;

const moneyOf = ({ costs }: UsageRow): number =>
  costs.reduce((sum, cost) => sum + roughMoney(cost), 0);
const tokensOf = ({ inputTokens, outputTokens }: UsageRow): bigint => inputTokens + outputTokens;

const COLUMNS: readonly Column<UsageRow>[] = [
  {
    title: "Caller",
    cell: ({ group: [caller = ""] }) =>
      caller === "" ? (
        UNKNOWN
      ) : (
        <a class="name" href={hrefOf("callers", caller)}>
          {caller}
        </a>
      ),
  },
  {
    title: "Calls",
    isNumber: true,
    sortBy: ({ calls }) => calls,
    cell: (row) => formatCount(row.calls),
  },
  { title: "Tokens", isNumber: true, sortBy: tokensOf, cell: (row) => formatCount(tokensOf(row)) },
  {
    title: "Cost",
    isNumber: true,
    sortBy: moneyOf,
    cell: ({ costs }) => <MoneyText amounts={costs} />,
  },
];

/** By money, and by tokens where no price is known. */
function bySpending(one: UsageRow, other: UsageRow): number {
  return moneyOf(other) - moneyOf(one) || Number(tokensOf(other) - tokensOf(one));
}

/** The callers that used the most in the last 24 hours. */
export function TopSpenders() {
  const { data, failure } = usePoll(
    (signal) =>
      usage.queryUsage(
        { interval: UsageInterval.NONE, groupBy: ["caller"], scope: UsageScope.ALL },
        { signal },
      ),
    EVERY_MS,
  );
  const rows = (data?.rows ?? []).toSorted(bySpending).slice(0, SHOWN);
  return (
    <>
      <h2>Top spenders of the last 24 hours</h2>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {data !== undefined && rows.length === 0 && (
        <Notice kind="empty">Nobody has used anything.</Notice>
      )}
      {rows.length > 0 && (
        <Table
          label="Top spenders"
          columns={COLUMNS}
          rows={rows}
          keyOf={({ group }) => group.join("/")}
        />
      )}
    </>
  );
}
