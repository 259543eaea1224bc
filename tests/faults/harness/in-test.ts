// A cluster for the tests of one file.
import { afterAll, beforeAll, expect } from "vitest";
import { eventually } from "../../support/stack.ts";
import { check } from "./checks.ts";
import { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import type { Reading } from "./consumer.ts";
import { CallFailure } from "./endpoint.ts";
import { type Scale, Scene } from "./scene.ts";

const SCALE: Scale = {
  name: "short",
  streams: 3,
  tokens: 20,
  paceMs: 20,
  longPauseMs: 4_000,
  shortPauseMs: 500,
  storm: 20,
};

/** Generous: these tests start and kill processes. */
export const SLOW_MS = 300_000;

let ids = 0;

const NOT_FOUND = 5;
const isTrue = (): boolean => true;
/** The replica is there, and so is its store: without it nobody would know. */
const isKnown = (error: unknown): boolean =>
  error instanceof CallFailure && error.code === NOT_FOUND;

export function sceneOn(cluster: Cluster): Scene {
  return new Scene(cluster, SCALE, () => `test-${process.pid}-${ids++}`, []);
}

/** The same cluster for all tests of the file, whole again before each scene. */
export function useCluster(options: ClusterOptions = {}): () => Promise<Scene> {
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    cluster = await startCluster(options);
  }, SLOW_MS);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  }, SLOW_MS);
  return async () => {
    if (cluster === undefined) throw new Error("no cluster yet");
    await cluster.heal();
    // Clients that have seen a replica die have to find it again: the first endpoint is the owner.
    for (const endpoint of cluster.endpoints(0)) {
      await eventually(() => endpoint.cancel("nobody-knows-this").then(isTrue, isKnown));
    }
    return sceneOn(cluster);
  };
}

/** No consumer has lost, doubled or reordered anything, and all that ended agree. */
export function expectClean(readings: readonly Reading[]): void {
  expect(check(readings)).toEqual({
    counts: { lost: 0, duplicated: 0, reordered: 0, divergent: 0, silentTruncations: 0 },
    violations: [],
  });
}

export function outcomesOf(readings: readonly Reading[]): string[] {
  return readings.map(({ outcome, reason }) => (outcome === "complete" ? outcome : reason));
}
