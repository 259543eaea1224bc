import { useEffect, useState } from "preact/hooks";
import { activity } from "../../api.ts";
import { changeParams } from "../../change-params.ts";
import { formatCount } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { Table } from "../../parts/table.tsx";
import { TextFilter } from "../../parts/text-filter.tsx";
import { Toolbar } from "../../parts/toolbar.tsx";
import type { Place } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { CALL_COLUMNS } from "./call-columns.tsx";
import "./calls.css";

const EVERY_MS = 3_000;
/** A page other than the first stays as it is. */
const LATER_EVERY_MS = 60_000;
const PAGE_SIZE = 50;
/** Bounds of the contract. */
const MAX_NAME = 256;
const MAX_PROVIDER = 64;

interface Filters {
  readonly caller: string;
  readonly model: string;
  readonly provider: string;
  readonly failed: boolean;
  readonly generations: boolean;
}

function filtersOf({ params }: Place): Filters {
  const isFailed = params.get("failed") === "1";
  // Operators look for generations. Failed calls are often refused before they are one.
  const generations = params.get("generations") ?? (isFailed ? "0" : "1");
  return {
    caller: (params.get("caller") ?? "").slice(0, MAX_NAME),
    model: (params.get("model") ?? "").slice(0, MAX_NAME),
    provider: (params.get("provider") ?? "").slice(0, MAX_PROVIDER),
    failed: isFailed,
    generations: generations === "1",
  };
}

function CallFilters({ place, filters }: { place: Place; filters: Filters }) {
  const change = (changed: Record<string, string>): void => changeParams(place, changed);
  const flag = (name: "failed" | "generations", label: string) => (
    <label>
      <input
        type="checkbox"
        checked={filters[name]}
        onChange={(event) => change({ [name]: event.currentTarget.checked ? "1" : "0" })}
      />
      {label}
    </label>
  );
  const text = (name: "caller" | "model" | "provider", label: string, maxLength = MAX_NAME) => (
    <TextFilter
      label={label}
      value={filters[name]}
      maxLength={maxLength}
      onChange={(value) => change({ [name]: value })}
    />
  );
  return (
    <Toolbar>
      {flag("failed", "Failed only")}
      {flag("generations", "Generations only")}
      {text("caller", "Caller")}
      {text("model", "Model")}
      {text("provider", "Provider", MAX_PROVIDER)}
    </Toolbar>
  );
}

interface PagerProps {
  readonly tokens: readonly string[];
  readonly next: string;
  onMove(tokens: readonly string[]): void;
}

function Pager({ tokens, next, onMove }: PagerProps) {
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={tokens.length === 0} onClick={() => onMove([])}>
        Latest
      </button>
      <button
        type="button"
        disabled={tokens.length === 0}
        onClick={() => onMove(tokens.slice(0, -1))}
      >
        Newer
      </button>
      <button type="button" disabled={next === ""} onClick={() => onMove([...tokens, next])}>
        Older
      </button>
      <span class="quiet">Page {tokens.length + 1}</span>
    </nav>
  );
}

/** Calls that ended lately, on all replicas. */
export function CallsView({ place }: { place: Place }) {
  const filters = filtersOf(place);
  const filterKey = JSON.stringify(filters);
  /** Tokens of the pages from the second to the shown one. */
  const [tokens, setTokens] = useState<readonly string[]>([]);
  useEffect(() => setTokens([]), [filterKey]);
  const pageToken = tokens.at(-1) ?? "";
  const { data, failure } = usePoll(
    (signal) =>
      activity.listRecentCalls({ ...filters, pageToken, pageSize: PAGE_SIZE }, { signal }),
    pageToken === "" ? EVERY_MS : LATER_EVERY_MS,
    filterKey + pageToken,
  );
  const isFiltered = filters.failed || filters.caller + filters.model + filters.provider !== "";
  return (
    <>
      <h1>Calls</h1>
      <CallFilters place={place} filters={filters} />
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {data === undefined ? (
        failure === undefined && <Skeleton lines={16} />
      ) : data.calls.length === 0 ? (
        <Notice
          kind="empty"
          advice={
            isFiltered
              ? "Change the filters, or take them away."
              : "A call appears here when it ends: try the playground."
          }
        >
          {isFiltered ? "No remembered call matches." : "No call has ended yet."}
        </Notice>
      ) : (
        <Table
          label="Calls"
          columns={CALL_COLUMNS}
          rows={data.calls}
          keyOf={({ endTime, duration, generationId, xRequestId, replica }) =>
            [
              endTime?.seconds,
              endTime?.nanos,
              replica,
              duration?.nanos,
              generationId,
              xRequestId,
            ].join(" ")
          }
        />
      )}
      {data !== undefined && (
        <>
          <Pager tokens={tokens} next={data.nextPageToken} onMove={setTokens} />
          <p class="quiet">
            Calls of {data.replicas.length === 1 ? "replica" : "replicas"}{" "}
            {data.replicas.join(", ")}; each remembers at most {formatCount(data.rememberedCalls)}.
            Prompts and outputs are never among them.
          </p>
        </>
      )}
    </>
  );
}
