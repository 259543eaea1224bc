import {
  type Caller,
  CallerRole,
  CallerSource,
} from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { useState } from "preact/hooks";
import { callers } from "../../api.ts";
import { UNKNOWN } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { hrefOf } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { limitsLine } from "./limit-text.ts";

const PAGE_SIZE = 100;
const EVERY_MS = 10_000;

export function sourceWord({ source, hidesStored }: Pick<Caller, "source" | "hidesStored">) {
  if (source === CallerSource.STORE) return "store";
  return hidesStored ? "configuration (hides a stored one)" : "configuration, read-only";
}

const COLUMNS: readonly Column<Caller>[] = [
  {
    title: "Caller",
    sortBy: ({ id }) => id,
    cell: ({ id }) => (
      <a class="name" href={hrefOf("callers", id)}>
        {id}
      </a>
    ),
  },
  {
    title: "Role",
    sortBy: ({ role }) => role,
    cell: ({ role }) => (role === CallerRole.OPERATOR ? "operator" : "caller"),
  },
  { title: "Group", sortBy: ({ group }) => group, cell: ({ group }) => group || UNKNOWN },
  {
    title: "Keys",
    isNumber: true,
    sortBy: ({ keyCount }) => keyCount,
    cell: ({ keyCount, source }) => (source === CallerSource.STORE ? keyCount : UNKNOWN),
  },
  {
    title: "Limits",
    cell: ({ limits }) => <span class="name">{limitsLine(limits) || "defaults"}</span>,
  },
  { title: "Kept in", cell: sourceWord },
];

/** Callers by identifier, one page at a time. */
export function CallerList() {
  const [tokens, setTokens] = useState<readonly string[]>([]);
  const pageToken = tokens.at(-1) ?? "";
  const { data, failure } = usePoll(
    (signal) => callers.listCallers({ pageSize: PAGE_SIZE, pageToken }, { signal }),
    EVERY_MS,
    pageToken,
  );
  const nextToken = data?.nextPageToken ?? "";
  return (
    <>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {data === undefined && failure === undefined && <Skeleton />}
      {data?.callers.length === 0 && (
        <Notice
          kind="empty"
          advice="Make an operator first: its first key without an end closes the service."
        >
          There are no callers. Every call from this machine comes from an operator.
        </Notice>
      )}
      {data !== undefined && data.callers.length > 0 && (
        <Table label="Callers" columns={COLUMNS} rows={data.callers} keyOf={({ id }) => id} />
      )}
      {(tokens.length > 0 || nextToken !== "") && (
        <nav class="row pager" aria-label="Pages of the callers">
          <button
            type="button"
            disabled={tokens.length === 0}
            onClick={() => setTokens(tokens.slice(0, -1))}
          >
            Previous
          </button>
          <span>Page {tokens.length + 1}</span>
          <button
            type="button"
            disabled={nextToken === ""}
            onClick={() => setTokens([...tokens, nextToken])}
          >
            Next
          </button>
        </nav>
      )}
    </>
  );
}
