import type { ActivitySample } from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { formatCount } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { wordsOf } from "../../parts/words.ts";
import { hrefOf } from "../../router.ts";
import { sumLast } from "./activity-sums.ts";
import { HISTORY_SECONDS } from "./use-activity.ts";

interface FailureRow {
  readonly category: ErrorCategory;
  readonly lately: number;
  readonly all: number;
}

const COLUMNS: readonly Column<FailureRow>[] = [
  { title: "Category", cell: ({ category }) => wordsOf(ErrorCategory[category]) },
  { title: "Last minute", isNumber: true, cell: ({ lately }) => formatCount(lately) },
  { title: "15 minutes", isNumber: true, cell: ({ all }) => formatCount(all) },
];

/** Calls that ended with an error, by category. */
export function NowFailures({ samples }: { samples: readonly ActivitySample[] }) {
  const { errors } = sumLast(samples, HISTORY_SECONDS);
  const lately = sumLast(samples, 60).errors;
  const rows = [...errors].map(([category, all]) => ({
    category,
    all,
    lately: lately.get(category) ?? 0,
  }));
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">
        Failures by category <a href={hrefOf("calls", "", { failed: "1" })}>their calls</a>
      </h2>
      {rows.length === 0 ? (
        <Notice kind="done">No call failed in the last 15 minutes.</Notice>
      ) : (
        <Table
          label="Failures by category"
          columns={COLUMNS}
          rows={rows}
          keyOf={({ category }) => String(category)}
        />
      )}
    </section>
  );
}
