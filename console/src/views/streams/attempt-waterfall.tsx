import type { StreamState } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import {
  type Attempt,
  AttemptOutcome,
  AttemptTrigger,
  ErrorCategory,
} from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { Badge, type BadgeKind } from "../../parts/badge.tsx";
import { formatMs, toMs, UNKNOWN } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { wordOf } from "../../parts/word-of.ts";
import { type AttemptBars, attemptBars, timeLineOf } from "./attempt-bars.ts";

const KINDS: Readonly<Partial<Record<AttemptOutcome, BadgeKind>>> = {
  [AttemptOutcome.RUNNING]: "busy",
  [AttemptOutcome.SUCCEEDED]: "good",
  [AttemptOutcome.FAILED]: "bad",
  [AttemptOutcome.SKIPPED]: "warning",
};

function whyText({ errorCategory, errorMessage, reason, providerHttpStatus }: Attempt): string {
  const parts = [
    errorCategory === ErrorCategory.UNSPECIFIED ? "" : wordOf(ErrorCategory, errorCategory),
    reason,
    providerHttpStatus === 0 ? "" : `HTTP ${providerHttpStatus}`,
    errorMessage,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function Bars({ bars }: AttemptBars) {
  return (
    <svg class="bars" aria-hidden="true">
      {bars.map(({ type, from, width }) => (
        <rect
          key={type}
          class={type}
          x={`${from}%`}
          width={`${width}%`}
          y="3"
          height={type === "delay" ? "2" : "12"}
        />
      ))}
    </svg>
  );
}

const COLUMNS: readonly Column<AttemptBars>[] = [
  { title: "#", isNumber: true, cell: ({ attempt }) => attempt.index },
  {
    title: "Target",
    cell: ({ attempt }) => (
      <span class="name">
        {attempt.provider}/{attempt.model}
      </span>
    ),
  },
  { title: "Because", cell: ({ attempt }) => wordOf(AttemptTrigger, attempt.trigger) },
  {
    title: "Outcome",
    cell: ({ attempt: { outcome } }) => (
      <Badge kind={KINDS[outcome] ?? "quiet"}>{wordOf(AttemptOutcome, outcome)}</Badge>
    ),
  },
  { title: "Time line", cell: (row) => <Bars {...row} /> },
  {
    title: "Delay",
    hint: "Wait before the attempt",
    isNumber: true,
    cell: ({ attempt }) => formatMs(toMs(attempt.delay)),
  },
  {
    title: "First token",
    isNumber: true,
    cell: ({ attempt }) => formatMs(toMs(attempt.timeToFirstToken)),
  },
  {
    title: "Duration",
    isNumber: true,
    cell: ({ attempt }) => formatMs(toMs(attempt.duration)),
  },
  { title: "Why", cell: ({ attempt }) => <span class="why">{whyText(attempt) || UNKNOWN}</span> },
];

/** The attempts of a stream on one time line: the wait before each, the first token, the end, and why. */
export function AttemptWaterfall({ stream, nowMs }: { stream: StreamState; nowMs: number }) {
  const line = timeLineOf(stream, nowMs);
  if (stream.attempts.length === 0) {
    return <Notice kind="empty">No attempt has ended yet.</Notice>;
  }
  return (
    <>
      <Table
        label="Attempts"
        columns={COLUMNS}
        rows={stream.attempts.map((attempt) => attemptBars(attempt, line))}
        keyOf={({ attempt }) => String(attempt.index)}
      />
      <p class="quiet">
        The time line is {formatMs(line.lengthMs)} long. Thin: the wait before an attempt. Light: up
        to the first token. Full: output.
      </p>
    </>
  );
}
