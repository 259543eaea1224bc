import type { ActivitySample } from "../domain/activity.ts";
import { addCount } from "./activity-counters.ts";

function sum(samples: readonly ActivitySample[], of: (sample: ActivitySample) => number): number {
  return samples.reduce((total, sample) => total + of(sample), 0);
}

function sumCounts<Key>(all: readonly ReadonlyMap<Key, number>[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const each of all) for (const [key, count] of each) addCount(counts, key, count);
  return counts;
}

function sumIntervals(all: readonly (readonly number[])[]): number[] {
  const longest = Math.max(0, ...all.map((each) => each.length));
  return Array.from({ length: longest }, (_, index) =>
    all.reduce((total, each) => total + (each[index] ?? 0), 0),
  );
}

/** The samples of several replicas as one. The delay of the event loop is the longest. */
export function sumSamples(second: number, samples: readonly ActivitySample[]): ActivitySample {
  return {
    second,
    replicaCount: sum(samples, (each) => each.replicaCount),
    calls: sum(samples, (each) => each.calls),
    errors: sumCounts(samples.map(({ errors }) => errors)),
    runningCalls: sum(samples, (each) => each.runningCalls),
    runningGenerations: sum(samples, (each) => each.runningGenerations),
    generations: sum(samples, (each) => each.generations),
    attempts: sum(samples, (each) => each.attempts),
    inputTokens: sum(samples, (each) => each.inputTokens),
    outputTokens: sum(samples, (each) => each.outputTokens),
    costs: sumCounts(samples.map(({ costs }) => costs)),
    firstTokens: sumIntervals(samples.map(({ firstTokens }) => firstTokens)),
    delayMs: Math.max(0, ...samples.map(({ delayMs }) => delayMs)),
  };
}
