import type { StreamState } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { useState } from "preact/hooks";
import { admin } from "../../api.ts";
import { formatBytes, formatCount, toTime } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { hrefOf } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { type StreamFilter, toListRequest } from "./stream-filter.ts";
import { StreamPhaseBadge } from "./stream-phase.tsx";

/** Streams of a page. The page's memory holds one page, however many streams the store has. */
const PAGE_SIZE = 50;
const EVERY_MS = 5_000;

const COLUMNS: readonly Column<StreamState>[] = [
  {
    title: "Stream",
    cell: ({ streamId }) => (
      <a class="mono" href={hrefOf("streams", streamId)}>
        {streamId}
      </a>
    ),
  },
  { title: "Phase", cell: ({ phase }) => <StreamPhaseBadge phase={phase} /> },
  { title: "Caller", cell: ({ caller }) => <span class="name">{caller}</span> },
  { title: "Model", cell: ({ requestedModel }) => <span class="name">{requestedModel}</span> },
  { title: "Provider", cell: ({ target }) => <span class="name">{target?.provider}</span> },
  {
    title: "Events",
    isNumber: true,
    sortBy: ({ lastSequence }) => lastSequence,
    cell: ({ lastSequence }) => formatCount(lastSequence),
  },
  {
    title: "Size",
    isNumber: true,
    sortBy: ({ storedBytes }) => storedBytes,
    cell: ({ storedBytes }) => formatBytes(storedBytes),
  },
  {
    title: "Readers",
    isNumber: true,
    sortBy: ({ subscriberCount }) => subscriberCount,
    cell: ({ subscriberCount }) => subscriberCount,
  },
  {
    title: "Began",
    isNumber: true,
    sortBy: ({ createTime }) => toTime(createTime),
    cell: ({ createTime }) => <When at={createTime} />,
  },
  {
    title: "Last event",
    isNumber: true,
    sortBy: ({ updateTime }) => toTime(updateTime),
    cell: ({ updateTime }) => <When at={updateTime} />,
  },
];

interface PagerProps {
  readonly page: number;
  readonly hasNext: boolean;
  readonly onFirst: () => void;
  readonly onPrevious: () => void;
  readonly onNext: () => void;
}

function Pager({ page, hasNext, onFirst, onPrevious, onNext }: PagerProps) {
  return (
    <nav class="row pager" aria-label="Pages of the streams">
      <button type="button" disabled={page === 0} onClick={onFirst}>
        Newest
      </button>
      <button type="button" disabled={page === 0} onClick={onPrevious}>
        Previous
      </button>
      <span aria-live="polite">Page {page + 1}</span>
      <button type="button" disabled={!hasNext} onClick={onNext}>
        Next
      </button>
    </nav>
  );
}

function Empty({ isFiltered, hasNext }: { isFiltered: boolean; hasNext: boolean }) {
  if (hasNext) {
    return (
      <Notice kind="empty" advice="Next looks at the streams after them.">
        None of the streams that were looked at matches.
      </Notice>
    );
  }
  return isFiltered ? (
    <Notice kind="empty" advice="Change the filter.">
      No stored stream matches.
    </Notice>
  ) : (
    <Notice
      kind="empty"
      advice="A call of StreamGenerate makes one, for example in the Playground."
    >
      No stream is stored.
    </Notice>
  );
}

/** Stored streams, newest first, one page at a time. */
export function StreamList({ filter }: { filter: StreamFilter }) {
  const name = JSON.stringify(filter);
  // Tokens of the pages up to this one; the first page has none.
  const [pages, setPages] = useState<{ name: string; tokens: readonly string[] }>({
    name,
    tokens: [],
  });
  const tokens = pages.name === name ? pages.tokens : [];
  const pageToken = tokens.at(-1) ?? "";
  const { data, failure } = usePoll(
    (signal) =>
      admin.listStreamStates({ ...toListRequest(filter, PAGE_SIZE), pageToken }, { signal }),
    EVERY_MS,
    `${name} ${pageToken}`,
  );
  const show = (next: readonly string[]): void => setPages({ name, tokens: next });
  const nextToken = data?.nextPageToken ?? "";
  const streams = data?.streamStates ?? [];
  return (
    <>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {data === undefined && failure === undefined && <Skeleton />}
      {data !== undefined && streams.length === 0 && (
        <Empty
          isFiltered={Object.values(filter).some((value) => value !== "")}
          hasNext={nextToken !== ""}
        />
      )}
      {streams.length > 0 && (
        <Table
          label="Stored streams"
          columns={COLUMNS}
          rows={streams}
          keyOf={({ streamId }) => streamId}
        />
      )}
      {(tokens.length > 0 || nextToken !== "") && (
        <Pager
          page={tokens.length}
          hasNext={nextToken !== ""}
          onFirst={() => show([])}
          onPrevious={() => show(tokens.slice(0, -1))}
          onNext={() => show([...tokens, nextToken])}
        />
      )}
    </>
  );
}
