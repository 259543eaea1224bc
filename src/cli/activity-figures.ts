// Figures of the last minute, from the seconds that the service reports.
import { type Duration, durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ActivitySample } from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import { ErrorCategory } from "../../gen/service/steer/v1/error_pb.ts";

const WINDOW_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const PICOS = 1e12;

export interface ActivityFigures {
  /** Length of the time that the figures describe. */
  readonly seconds: number;
  readonly callsPerSecond: number;
  /** Share of the calls that failed, 0 to 1. A call that its caller cancelled has not failed. */
  readonly failedShare: number;
  /** In milliseconds; undefined: no generation had a first token. */
  readonly firstTokenP50Ms: number | undefined;
  readonly firstTokenP95Ms: number | undefined;
  readonly outputTokensPerSecond: number;
  /** Cost by currency. */
  readonly costPerHour: Readonly<Record<string, number>>;
  /** Longest delay of an event loop, in milliseconds. */
  readonly eventLoopDelayMs: number;
  readonly runningCalls: number;
  readonly runningGenerations: number;
}

const secondOf = ({ endTime }: ActivitySample): number =>
  endTime === undefined ? 0 : timestampMs(endTime) / 1_000;

/** The seconds of the last minute. */
export class ActivityWindow {
  #samples: readonly ActivitySample[] = [];
  #boundsMs: readonly number[] = [];

  add(samples: readonly ActivitySample[], bounds: readonly Duration[]): void {
    if (bounds.length > 0) this.#boundsMs = bounds.map(durationMs);
    const all = [...this.#samples, ...samples];
    const last = all.at(-1);
    if (last === undefined) return;
    this.#samples = all.filter((each) => secondOf(each) > secondOf(last) - WINDOW_SECONDS);
  }

  figures(): ActivityFigures {
    const samples = this.#samples;
    const [first, last] = [samples[0], samples.at(-1)];
    const seconds =
      first === undefined || last === undefined ? 0 : secondOf(last) - secondOf(first) + 1;
    const sum = (of: (sample: ActivitySample) => bigint): number =>
      samples.reduce((total, sample) => total + Number(of(sample)), 0);
    const calls = sum((each) => each.calls);
    const rate = (count: number): number => (seconds === 0 ? 0 : count / seconds);
    return {
      seconds,
      callsPerSecond: rate(calls),
      failedShare: calls === 0 ? 0 : sum(failuresOf) / calls,
      firstTokenP50Ms: this.#quantile(0.5),
      firstTokenP95Ms: this.#quantile(0.95),
      outputTokensPerSecond: rate(sum((each) => each.outputTokens)),
      costPerHour: Object.fromEntries(
        Array.from(costsOf(samples), ([currency, cost]) => [currency, rate(cost) * HOUR_SECONDS]),
      ),
      eventLoopDelayMs: Math.max(
        0,
        ...samples.map(({ eventLoopDelay: delay }) =>
          delay === undefined ? 0 : durationMs(delay),
        ),
      ),
      runningCalls: Number(last?.runningCalls ?? 0),
      runningGenerations: Number(last?.runningGenerations ?? 0),
    };
  }

  /** Within an interval, times are taken as evenly spread. */
  #quantile(share: number): number | undefined {
    const counts = this.#boundsMs.map((_, index) => this.#countOf(index));
    const above = this.#countOf(this.#boundsMs.length);
    const wanted = (counts.reduce((total, count) => total + count, above) || Number.NaN) * share;
    if (Number.isNaN(wanted)) return undefined;
    let before = 0;
    for (const [index, count] of counts.entries()) {
      if (before + count >= wanted) {
        const low = this.#boundsMs[index - 1] ?? 0;
        const high = this.#boundsMs[index] ?? low;
        return low + ((high - low) * (wanted - before)) / count;
      }
      before += count;
    }
    return this.#boundsMs.at(-1);
  }

  #countOf(interval: number): number {
    return this.#samples.reduce(
      (total, { firstTokenCounts }) => total + Number(firstTokenCounts[interval] ?? 0),
      0,
    );
  }
}

function failuresOf({ errors }: ActivitySample): bigint {
  return errors.reduce(
    (total, { category, count }) => (category === ErrorCategory.CANCELLED ? total : total + count),
    0n,
  );
}

/** Units by currency. */
function costsOf(samples: readonly ActivitySample[]): Map<string, number> {
  const costs = new Map<string, number>();
  for (const { currencyCode, units, picos } of samples.flatMap((each) => each.costs)) {
    const cost = Number(units) + Number(picos) / PICOS;
    costs.set(currencyCode, (costs.get(currencyCode) ?? 0) + cost);
  }
  return costs;
}
