// The figures of a run, as tab-separated tables or as JSON.
import type { RunResult } from "./run.ts";

function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function spread(values: readonly number[], digits: number) {
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(values, share));
  const round = (value: number | undefined) =>
    value === undefined ? undefined : Number(value.toFixed(digits));
  return { count: values.length, p50: round(p50), p99: round(p99) };
}

/** Everything that is reported, in one object. */
export function figuresOf(result: RunResult) {
  const { providerCalls, requests, sentTokens, keptTokens, commitMs } = result;
  return {
    seconds: Math.round(result.seconds),
    rounds: result.rounds,
    streams: result.streams,
    faults: result.faults,
    surfaced: result.surfaced,
    takeover_gap_ms: spread(result.takeoverGapMs, 0),
    resume_ms: spread(result.resumeMs, 1),
    commit_ms: Object.fromEntries(
      Object.entries(commitMs).map(([store, values]) => [store, spread(values, 2)]),
    ),
    retry_amplification: Number((providerCalls / Math.max(1, requests)).toFixed(2)),
    wasted_tokens_percent: Number(
      ((100 * (sentTokens - keptTokens)) / Math.max(1, sentTokens)).toFixed(1),
    ),
    violations: result.violations,
    events: result.counts,
  };
}

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [head, ...rows].map((row) => row.map((cell) => cell ?? "-").join("\t")).join("\n");
}

/** The last lines say what must be 0. */
export function textOf(result: RunResult): string {
  const figures = figuresOf(result);
  const faults = figures.faults
    .toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))
    .map((row) => [
      row.id,
      row.injected,
      row.streams,
      row.survived,
      row.surfaced,
      row.violated,
      row.title,
    ]);
  const delays = [
    ["takeover gap", figures.takeover_gap_ms],
    ["resume", figures.resume_ms],
    ...Object.entries(figures.commit_ms).map(([store, values]) => [`commit, ${store}`, values]),
  ] as [string, ReturnType<typeof spread>][];
  const { events, violations } = figures;
  return [
    table(["fault", "injected", "streams", "whole", "typed error", "violated", ""], faults),
    "",
    table(["fault", "typed error", "consumers"], Object.entries(figures.surfaced)),
    "",
    table(
      ["delay", "count", "p50 ms", "p99 ms"],
      delays.map(([name, { count, p50, p99 }]) => [name, count, p50, p99]),
    ),
    "",
    ...violations.map((violation) => `violation\t${violation}`),
    `seconds ${figures.seconds}`,
    `streams ${figures.streams}`,
    `retry amplification ${figures.retry_amplification}`,
    `wasted tokens ${figures.wasted_tokens_percent} %`,
    `violations ${violations.length}`,
    `events lost ${events.lost}`,
    `events duplicated ${events.duplicated}`,
    `events reordered ${events.reordered}`,
    `events divergent ${events.divergent}`,
    `silent truncations ${events.silentTruncations}`,
  ].join("\n");
}

/** Nothing was broken that must hold. */
export function isClean({ counts, violations }: RunResult): boolean {
  return violations.length === 0 && Object.values(counts).every((count) => count === 0);
}
