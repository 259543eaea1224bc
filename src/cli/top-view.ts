// What `steer top` shows, as lines of a given width.
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { WatchActivityResponse } from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import {
  type Circuit,
  CircuitState,
  type ProviderStatus,
  type StreamState,
  UnavailableReason,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type { ActivityFigures } from "./activity-figures.ts";
import { phaseWord } from "./stream-rows.ts";

/** Everything at one moment. */
export interface TopFrame {
  readonly nowMs: number;
  readonly figures: ActivityFigures;
  /** The last answer of WatchActivity. */
  readonly answer: WatchActivityResponse;
  readonly providers: readonly (readonly [string, ProviderStatus])[];
  readonly streams: readonly StreamState[];
  /** More streams run than `streams` has. */
  readonly hasMoreStreams: boolean;
}

export interface ViewSize {
  readonly columns: number;
  /** Undefined: as many lines as there are. */
  readonly rows: number | undefined;
}

/** A line, or a part of it, that says something is wrong. */
type Mark = "bad" | "warning" | "dim" | "bold";

export type Paint = (text: string, mark: Mark) => string;

const CODES: Readonly<Record<Mark, number>> = { bad: 31, warning: 33, dim: 2, bold: 1 };

export function painter(isColoured: boolean): Paint {
  return (text, mark) => (isColoured ? `\u001b[${CODES[mark]}m${text}\u001b[0m` : text);
}

/** A text from outside within a width, without characters that a terminal would obey. */
function cut(text: string, width: number): string {
  const plain = text.replaceAll(/\p{Cc}+/gu, " ");
  if (plain.length <= width) return plain;
  return width < 1 ? "" : `${plain.slice(0, width - 1)}…`;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A time in at most six characters. */
export function shortTime(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  return `${Math.floor(ms / HOUR_MS)} h`;
}

const shortNumber = (value: number): string =>
  value >= 100 || value === 0 ? String(Math.round(value)) : value.toFixed(1);

function optionalTime(ms: number | undefined): string {
  return ms === undefined ? "-" : shortTime(ms);
}

function moneyText(costs: Readonly<Record<string, number>>): string {
  const all = Object.entries(costs).map(([currency, cost]) => `${cost.toFixed(2)} ${currency}`);
  return all.length === 0 ? "0" : all.join(", ");
}

const MUCH_FAILED = 0.05;
const LONG_DELAY_MS = 200;

function headLines({ figures, answer }: TopFrame, columns: number, paint: Paint): string[] {
  const { store, replicas, draining, replica, version } = answer;
  const isAway = store !== undefined && !store.available;
  const storeText = `store ${store?.type ?? "-"}${isAway ? ` away: ${store.cause}` : ""}`;
  const count = replicas.length === 1 ? `replica ${replica}` : `${replicas.length} replicas`;
  const failed = `${(figures.failedShare * 100).toFixed(1)} % failed`;
  const delay = `event loop ${shortTime(figures.eventLoopDelayMs)}`;
  const lines: (readonly [string, Mark | undefined])[][] = [
    [
      [`steer ${version}`, "bold"],
      [`${count}${draining ? ", draining" : ""}`, draining ? "warning" : undefined],
      [storeText, isAway ? "bad" : undefined],
      [
        `running calls ${figures.runningCalls}, generations ${figures.runningGenerations}`,
        undefined,
      ],
    ],
    [
      [`${shortNumber(figures.callsPerSecond)} calls/s`, undefined],
      [failed, figures.failedShare > MUCH_FAILED ? "bad" : undefined],
      [
        `first token p50 ${optionalTime(figures.firstTokenP50Ms)}, p95 ${optionalTime(figures.firstTokenP95Ms)}`,
        undefined,
      ],
    ],
    [
      [`${shortNumber(figures.outputTokensPerSecond)} tokens/s`, undefined],
      [`${moneyText(figures.costPerHour)} an hour`, undefined],
      [delay, figures.eventLoopDelayMs > LONG_DELAY_MS ? "warning" : undefined],
    ],
  ];
  return lines.map((parts) => fitted(parts, columns, paint));
}

/** Parts of a line as far as there is room. */
function fitted(
  parts: readonly (readonly [string, Mark | undefined])[],
  columns: number,
  paint: Paint,
): string {
  let left = columns;
  const shown: string[] = [];
  for (const [text, mark] of parts) {
    const gap = shown.length === 0 ? 0 : 2;
    const short = cut(text, left - gap);
    if (short === "") break;
    shown.push(mark === undefined ? short : paint(short, mark));
    left -= gap + short.length;
  }
  return shown.join("  ");
}

interface Row {
  readonly cells: readonly string[];
  readonly mark?: Mark | undefined;
}

/** Columns with one that takes the rest of the width, the last one. Numbers are right-aligned. */
function columnsOf(rows: readonly Row[], columns: number, numbers: ReadonlySet<number>): Row[] {
  const last = (rows[0]?.cells.length ?? 1) - 1;
  const widths = Array.from({ length: last }, (_, index) =>
    Math.max(...rows.map(({ cells }) => cells[index]?.length ?? 0)),
  );
  // The first column has names that can be long.
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  const MIN_LAST = 8;
  widths[0] = Math.max(4, Math.min(widths[0] ?? 0, columns - others - MIN_LAST - 2));
  return rows.map(({ cells, mark }) => {
    const padded = widths.map((width, index) => {
      const cell = cut(cells[index] ?? "", width);
      return numbers.has(index) ? cell.padStart(width) : cell.padEnd(width);
    });
    const text = `${padded.join("  ")}  ${cells[last] ?? ""}`;
    return { cells: [cut(text, columns).trimEnd()], mark };
  });
}

function circuitText({ state, nextProbeTime }: Circuit, nowMs: number): string {
  if (state === CircuitState.OPEN) {
    const probe = nextProbeTime === undefined ? "" : leftUntil(timestampMs(nextProbeTime), nowMs);
    return probe === "" ? "open" : `open ${probe}`;
  }
  return state === CircuitState.HALF_OPEN ? "half-open" : "closed";
}

function leftUntil(ms: number, nowMs: number): string {
  return ms <= nowMs ? "" : shortTime(ms - nowMs);
}

function circuitMark(circuit: Circuit | undefined): Mark | undefined {
  if (circuit?.state === CircuitState.OPEN) return "bad";
  return circuit?.state === CircuitState.HALF_OPEN ? "warning" : undefined;
}

function targetRows([id, provider]: readonly [string, ProviderStatus], nowMs: number): Row[] {
  const { circuit, cooldownEndTime, lastFailureTime, lastErrorMessage } = provider;
  const models = Object.entries(provider.modelCircuits);
  const [only] = models;
  const ago =
    lastFailureTime === undefined
      ? ""
      : `${shortTime(Math.max(0, nowMs - timestampMs(lastFailureTime)))} ago: `;
  const failure = lastErrorMessage === "" ? [] : [`${ago}${lastErrorMessage}`];
  const cells = [
    only !== undefined && models.length === 1 ? `${id}/${only[0]}` : id,
    circuit === undefined ? "-" : circuitText(circuit, nowMs),
    String(provider.inFlight),
    String(provider.queued),
    cooldownEndTime === undefined ? "-" : leftUntil(timestampMs(cooldownEndTime), nowMs) || "-",
    [...(provider.available ? [] : [provider.message]), ...failure].join("; "),
  ];
  const own: Row = { cells, mark: provider.available ? circuitMark(circuit) : "bad" };
  if (models.length < 2) return [own];
  return [
    own,
    ...models.map(([model, each]) => ({
      cells: [`  ${model}`, circuitText(each, nowMs), "", "", "", ""],
      mark: circuitMark(each),
    })),
  ];
}

function streamCells(state: StreamState, nowMs: number, isWide: boolean): string[] {
  const { createTime, target } = state;
  return [
    state.streamId,
    phaseWord(state.phase),
    createTime === undefined ? "-" : shortTime(Math.max(0, nowMs - timestampMs(createTime))),
    ...(isWide ? [String(state.lastSequence), String(state.subscriberCount)] : []),
    `${state.caller}  ${target === undefined ? "-" : `${target.provider}/${target.model}`}`,
  ];
}

const TARGET_HEAD = ["TARGET", "CIRCUIT", "IN FLIGHT", "QUEUE", "COOLDOWN", "LAST ERROR"];
const STREAM_HEAD = ["STREAM", "PHASE", "AGE", "EVENTS", "READERS", "CALLER AND TARGET"];
const NARROW_STREAM_HEAD = ["STREAM", "PHASE", "AGE", "CALLER AND TARGET"];
/** Columns from which on there is room for all facts of a stream. */
const WIDE_COLUMNS = 110;
const TARGET_NUMBERS = new Set([2, 3, 4]);
const STREAM_NUMBERS = new Set([2]);

/** The first rows, and how many are left out. */
function atMost(lines: readonly string[], max: number, more: (left: number) => string): string[] {
  if (lines.length <= max) return [...lines];
  const shown = Math.max(0, max - 1);
  return [...lines.slice(0, shown), more(lines.length - shown)];
}

/** Nobody expects calls to these. */
function isUnused({ reason }: ProviderStatus): boolean {
  return reason === UnavailableReason.NOT_CONFIGURED || reason === UnavailableReason.DISABLED;
}

function targetLines(frame: TopFrame, columns: number): Row[] {
  const { providers, nowMs } = frame;
  const used = providers.filter(([, provider]) => !isUnused(provider));
  const head: Row = { cells: TARGET_HEAD, mark: "dim" };
  const rows = [head, ...used.flatMap((each) => targetRows(each, nowMs))];
  const lines = columnsOf(rows, columns, TARGET_NUMBERS);
  const unused = providers.length - used.length;
  if (unused === 0) return lines;
  const text = `${unused} more: not configured or switched off; steer status lists them`;
  return [...lines, { cells: [cut(text, columns)], mark: "dim" }];
}

function streamLines(frame: TopFrame, columns: number): Row[] {
  const isWide = columns >= WIDE_COLUMNS;
  const rows: Row[] = frame.streams.map((each) => ({
    cells: streamCells(each, frame.nowMs, isWide),
  }));
  const head: Row = { cells: isWide ? STREAM_HEAD : NARROW_STREAM_HEAD, mark: "dim" };
  const lines = columnsOf([head, ...rows], columns, STREAM_NUMBERS);
  if (rows.length === 0) lines.push({ cells: [cut("no stored stream runs", columns)] });
  if (frame.hasMoreStreams) lines.push({ cells: [cut("… and more", columns)] });
  return lines;
}

/** The whole screen. No line is wider than `columns`, and there are at most `rows` lines. */
export function viewOf(frame: TopFrame, { columns, rows }: ViewSize, paint: Paint): string[] {
  const painted = ({ cells: [text = ""], mark }: Row): string =>
    mark === undefined ? text : paint(text, mark);
  const targets = targetLines(frame, columns).map(painted);
  const streams = streamLines(frame, columns).map(painted);
  const top = headLines(frame, columns, paint);
  const left = (rows ?? Number.POSITIVE_INFINITY) - top.length - 2;
  // Targets come first; streams have at least three lines.
  const MIN_STREAMS = 3;
  const shownTargets = atMost(targets, Math.max(2, left - MIN_STREAMS), (count) =>
    cut(`… and ${count} more`, columns),
  );
  const shownStreams = atMost(streams, left - shownTargets.length, (count) =>
    cut(`… and ${count} more`, columns),
  );
  const lines = [...top, "", ...shownTargets, "", ...shownStreams];
  return rows === undefined ? lines : lines.slice(0, rows);
}
