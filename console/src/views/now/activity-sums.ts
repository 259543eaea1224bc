// Sums of seconds of activity, for figures and charts.
import type { ActivitySample } from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { toMs, toTime } from "../../parts/formats.ts";
import { type Amount, sumMoney } from "../../parts/money.ts";

export interface ActivitySum {
  /** End of the last second, in seconds since 1970. */
  readonly endSeconds: number;
  /** Seconds that the counts are of. */
  readonly seconds: number;
  readonly calls: number;
  /** Calls with an error that are not their callers' cancellations. */
  readonly failures: number;
  readonly errors: ReadonlyMap<ErrorCategory, number>;
  /** At the end of the last second. */
  readonly runningGenerations: number;
  readonly generations: number;
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costs: readonly Amount[];
  readonly firstTokenCounts: readonly number[];
  /** Longest delay of an event loop, in milliseconds; undefined: none is known. */
  readonly delayMs: number | undefined;
}

/** The second at whose end a sample was taken, in seconds since 1970. */
export function secondOf(sample: ActivitySample): number {
  return Math.round((toTime(sample.endTime) ?? 0) / 1_000);
}

function sumOf(samples: readonly ActivitySample[], read: (sample: ActivitySample) => bigint) {
  return Number(samples.reduce((sum, sample) => sum + read(sample), 0n));
}

function sumErrors(samples: readonly ActivitySample[]): Map<ErrorCategory, number> {
  const sums = new Map<ErrorCategory, number>();
  for (const { errors } of samples) {
    for (const { category, count } of errors) {
      sums.set(category, (sums.get(category) ?? 0) + Number(count));
    }
  }
  return new Map([...sums].sort(([, one], [, other]) => other - one));
}

function sumCounts(samples: readonly ActivitySample[]): number[] {
  const sums: number[] = [];
  for (const { firstTokenCounts } of samples) {
    firstTokenCounts.forEach((count, index) => {
      sums[index] = (sums[index] ?? 0) + Number(count);
    });
  }
  return sums;
}

/** The sum of samples in the order of their times; `seconds` is the time that they cover. */
function sumSamples(samples: readonly ActivitySample[], seconds: number): ActivitySum {
  const last = samples.at(-1);
  const errors = sumErrors(samples);
  const failed = [...errors].filter(([category]) => category !== ErrorCategory.CANCELLED);
  const delays = samples.flatMap(({ eventLoopDelay }) => toMs(eventLoopDelay) ?? []);
  return {
    endSeconds: last === undefined ? 0 : secondOf(last),
    seconds,
    calls: sumOf(samples, ({ calls }) => calls),
    failures: failed.reduce((sum, [, count]) => sum + count, 0),
    errors,
    runningGenerations: Number(last?.runningGenerations ?? 0n),
    generations: sumOf(samples, ({ generations }) => generations),
    attempts: sumOf(samples, ({ attempts }) => attempts),
    inputTokens: sumOf(samples, ({ inputTokens }) => inputTokens),
    outputTokens: sumOf(samples, ({ outputTokens }) => outputTokens),
    costs: sumMoney(samples.flatMap(({ costs }) => costs)),
    firstTokenCounts: sumCounts(samples),
    delayMs: delays.length === 0 ? undefined : Math.max(...delays),
  };
}

/** The sum of the last `seconds`, or of as many as are known. */
export function sumLast(samples: readonly ActivitySample[], seconds: number): ActivitySum {
  const last = samples.at(-1);
  if (last === undefined) return sumSamples([], 0);
  const first = samples[0] ?? last;
  const from = secondOf(last) - seconds;
  const known = secondOf(last) - secondOf(first) + 1;
  return sumSamples(
    samples.filter((sample) => secondOf(sample) > from),
    Math.min(seconds, known),
  );
}

/** Sums of periods of `seconds`, each beginning at a multiple of them. The last can still be under way. */
export function sumPeriods(samples: readonly ActivitySample[], seconds: number): ActivitySum[] {
  const periods = new Map<number, ActivitySample[]>();
  for (const sample of samples) {
    // A sample is of the second before its end.
    const period = Math.floor((secondOf(sample) - 1) / seconds);
    const others = periods.get(period);
    if (others === undefined) periods.set(period, [sample]);
    else others.push(sample);
  }
  return [...periods.values()].map((own) => {
    const first = own[0];
    const last = own.at(-1);
    const covered = first && last ? secondOf(last) - secondOf(first) + 1 : 0;
    return sumSamples(own, covered);
  });
}

/**
 * The value below which the share `q` of the counted values is, between the bounds of its interval; the highest bound
 * for values above all. Undefined without values.
 */
export function percentile(
  counts: readonly number[],
  bounds: readonly number[],
  q: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = total * q;
  for (const [index, count] of counts.entries()) {
    if (left > count || count === 0) {
      left -= count;
      continue;
    }
    const upper = bounds[index];
    if (upper === undefined) return bounds.at(-1);
    const lower = bounds[index - 1] ?? 0;
    return lower + (upper - lower) * (left / count);
  }
  return bounds.at(-1);
}
