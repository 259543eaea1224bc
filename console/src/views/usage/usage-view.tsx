import { download } from "../../parts/download.ts";
import { formatMs, formatTime, toMs, toTime } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import type { Place } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { UsageChart } from "./usage-chart.tsx";
import { UsageControls } from "./usage-controls.tsx";
import { usageCsv } from "./usage-csv.ts";
import { askUsage, dimensionOf, parseQuery, type UsageAnswer } from "./usage-query.ts";
import { UsageTable } from "./usage-table.tsx";
import "./usage.css";

const EVERY_MS = 60_000;
/** Sums are up to a second behind in any case. */
const LATE_MS = 5_000;

/** What the sums do not have. */
function Gaps({ answer: { whole } }: { answer: UsageAnswer }) {
  const lagMs = toMs(whole.lag) ?? 0;
  const lost = whole.lostBatches;
  return (
    <>
      {lagMs > LATE_MS && (
        <Notice kind="warning">
          Replica {whole.replica} has not yet written the calls of the last {formatMs(lagMs)}: the
          store does not take them.
        </Notice>
      )}
      {lost > 0n && (
        <Notice kind="warning">
          {String(lost)} batches of sums were lost with replicas in this time. Each has at most the
          calls of a second, or of a time without the store.
        </Notice>
      )}
    </>
  );
}

/** The ledger: who used what, when, and for how much. */
export function UsageView({ place }: { place: Place }) {
  const query = parseQuery(place.params);
  const dimension = dimensionOf(query);
  const lacksLabel = query.by === "label" && query.label === "";
  const asked = { ...query, ...(lacksLabel && { by: "model" as const }) };
  const { data, failure } = usePoll(
    (signal) => askUsage(asked, signal),
    EVERY_MS,
    JSON.stringify({ ...asked, measure: "" }),
  );
  const rows = data?.whole.rows ?? [];
  const save = (): void => {
    const name = `usage-${query.by}-${query.range}.csv`;
    download(name, "text/csv", usageCsv(data?.periods.rows ?? [], dimension));
  };
  return (
    <>
      <h1>Usage</h1>
      <UsageControls
        place={place}
        query={query}
        onDownload={rows.length > 0 && !lacksLabel ? save : undefined}
      />
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {lacksLabel ? (
        <Notice kind="empty">
          Give the name of a label that <code>accounting.ledger_labels</code> has.
        </Notice>
      ) : data === undefined ? (
        failure === undefined && <Skeleton lines={20} />
      ) : (
        <>
          <Gaps answer={data} />
          {rows.length === 0 ? (
            <Notice kind="empty" advice="A call counts when it ends: try the playground.">
              No generation ended in this time.
            </Notice>
          ) : (
            <>
              <UsageChart query={query} answer={data} />
              <UsageTable title={dimension} rows={rows} total={data.whole.total} />
            </>
          )}
          <p class="quiet">
            From {formatTime(toTime(data.periods.fromTime) ?? 0)} to{" "}
            {formatTime(toTime(data.periods.toTime) ?? 0)}, all callers and replicas.
          </p>
        </>
      )}
    </>
  );
}
