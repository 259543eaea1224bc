// What a scene shows, and its row in the table at the end.
import type { TestContext } from "vitest";
import {
  AttemptOutcome,
  AttemptOutcomeSchema,
  ErrorCategorySchema,
} from "../../gen/es/steer/v1/error_pb.js";
import type { Outcome } from "./scene.ts";

/** One row. Times in milliseconds. */
export interface Figures {
  readonly scene: string;
  readonly calls: number;
  readonly failed: number;
  readonly upstreamRequests: number;
  /** Upstream requests for each call. */
  readonly amplification: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

declare module "vitest" {
  interface TaskMeta {
    figures?: Figures;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Leaves the row of a test for the table that `npm run scenarios` prints. */
export function report(
  { task }: TestContext,
  scene: string,
  outcomes: readonly Outcome[],
  upstreamRequests: number,
): void {
  const times = outcomes.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  task.meta.figures = {
    scene,
    calls: outcomes.length,
    failed: outcomes.filter(({ code }) => code !== 0).length,
    upstreamRequests,
    amplification: upstreamRequests / Math.max(1, outcomes.length),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}

/** How calls failed, and how many in each way; empty: none did. */
export function failures(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, typed } of outcomes) {
    if (code === 0) continue;
    const attempts = typed?.attempts ?? [];
    const ends = attempts.map(
      ({ provider, outcome, errorCategory }) =>
        `${provider} ${AttemptOutcomeSchema.value[outcome]?.localName}: ${ErrorCategorySchema.value[errorCategory]?.localName}`,
    );
    const way = `status ${code}, ${typed?.reason ?? "no typed error"} [${ends.join("; ")}]`;
    counts[way] = (counts[way] ?? 0) + 1;
  }
  return counts;
}

/** Attempts that were not made and do not say why. */
export function unexplainedSkips(outcomes: readonly Outcome[]) {
  return outcomes
    .flatMap(({ generation, typed }) => generation?.attempts ?? typed?.attempts ?? [])
    .filter(({ outcome }) => outcome === AttemptOutcome.SKIPPED)
    .filter(({ errorMessage, errorCategory }) => errorMessage === "" || errorCategory === 0);
}

/** The most requests that one call caused. */
export function mostForOneCall(arrivals: readonly { readonly marker: string }[]): number {
  const counts = new Map<string, number>();
  for (const { marker } of arrivals) counts.set(marker, (counts.get(marker) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
