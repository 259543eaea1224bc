// A whole run: lanes of faults on one cluster, then the calm, then the verdict.
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../../src/clock.ts";
import { createRedisStreams } from "../../support/open-streams.ts";
import type { Fault } from "../kinds/fault.ts";
import { addCounts, type Counts, check, NO_COUNTS } from "./checks.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { commitDelays } from "./commit-delays.ts";
import type { Reading } from "./consumer.ts";
import { type Rollback, type Scale, Scene } from "./scene.ts";

export interface FaultRow {
  readonly id: string;
  readonly title: string;
  injected: number;
  streams: number;
  readings: number;
  /** Ended whole; with a typed error; otherwise. */
  survived: number;
  surfaced: number;
  violated: number;
}

export interface RunResult {
  readonly seconds: number;
  readonly rounds: number;
  readonly streams: number;
  readonly faults: readonly FaultRow[];
  readonly counts: Counts;
  readonly violations: readonly string[];
  readonly surfaced: Readonly<Record<string, number>>;
  readonly takeoverGapMs: readonly number[];
  readonly resumeMs: readonly number[];
  /** By store. */
  readonly commitMs: Readonly<Record<string, readonly number[]>>;
  readonly providerCalls: number;
  readonly requests: number;
  readonly sentTokens: number;
  readonly keptTokens: number;
}

export interface RunOptions {
  readonly scale: Scale;
  readonly lanes: readonly (readonly Fault[])[];
  /** Lanes begin again until then; 0: once. */
  readonly durationMs: number;
  readonly onProgress: (line: string) => void;
}

/** Twice the session's time to live, and some slack. */
const LIVELY_MS = 9_000;
/** Streams that are read again in the calm. */
const READ_AGAIN = 40;

interface Ledger {
  readonly rows: Map<string, FaultRow>;
  /** Of this round. */
  readonly scenes: { readonly fault: Fault; readonly scene: Scene }[];
  readonly rollbacks: Rollback[];
  readonly counts: Counts;
  readonly violations: string[];
  readonly resumeMs: number[];
}

function rowOf(ledger: Ledger, { id, title }: Fault): FaultRow {
  const known = ledger.rows.get(id);
  if (known !== undefined) return known;
  const row = {
    id,
    title,
    injected: 0,
    streams: 0,
    readings: 0,
    survived: 0,
    surfaced: 0,
    violated: 0,
  };
  ledger.rows.set(id, row);
  return row;
}

function hasLost({ rollbacks }: Ledger, { startedAt, endedAt }: Reading): boolean {
  return rollbacks.some(({ from, until }) => startedAt < until && endedAt > from);
}

function judge(ledger: Ledger, fault: Fault, scene: Scene): void {
  const row = rowOf(ledger, fault);
  const readings = scene.allReadings;
  const { counts, violations } = check([...readings, ...scene.revisits], (reading) =>
    hasLost(ledger, reading),
  );
  const all = [...violations, ...scene.notes];
  addCounts(ledger.counts, counts);
  ledger.violations.push(...all.map((note) => `${fault.id}: ${note}`));
  row.injected += scene.injected;
  row.streams += new Set(readings.map(({ rid }) => rid)).size;
  row.readings += readings.length;
  row.violated += all.length;
  row.survived += readings.filter(({ outcome }) => outcome === "complete").length;
  row.surfaced += readings.filter(
    ({ outcome }) => outcome === "error" || outcome === "refused",
  ).length;
}

/** Everything has stopped: streams move or have ended, and can be read again. */
async function calm(cluster: Cluster, ledger: Ledger): Promise<void> {
  await cluster.heal();
  const store = createRedisStreams({ url: cluster.redis.url, clock: systemClock });
  try {
    const deadline = performance.now() + LIVELY_MS;
    let orphans = -1;
    while (orphans !== 0 && performance.now() < deadline) {
      orphans = await store.orphans(100).then(
        (found) => found.length,
        () => -1,
      );
      if (orphans !== 0) await delay(100);
    }
    if (orphans !== 0) ledger.violations.push(`calm: ${orphans} streams are left without an owner`);
  } finally {
    await store.close();
  }
  const readable = ledger.scenes.flatMap(({ fault, scene }) =>
    // What is short-lived on purpose, and what another cluster holds, is not there any more.
    (fault.id === "F22" || scene.cluster !== cluster ? [] : scene.readings)
      .filter(({ streamId, outcome }) => streamId.startsWith("s.") && outcome === "complete")
      .map((reading) => ({ scene, reading })),
  );
  for (const { scene, reading } of readable.slice(-READ_AGAIN)) {
    const again = await scene.revisit(reading);
    if (again.firstEventMs !== undefined) ledger.resumeMs.push(again.firstEventMs);
  }
}

async function runLane(
  lane: readonly Fault[],
  options: RunOptions,
  newScene: (fault: Fault) => Scene,
): Promise<void> {
  for (const fault of lane) {
    const scene = newScene(fault);
    const startedAt = performance.now();
    try {
      await fault.run(scene);
      await scene.settled();
    } catch (error) {
      scene.notes.push(`the harness failed: ${error instanceof Error ? error.stack : error}`);
    }
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    options.onProgress(`${fault.id}\t${seconds} s\t${fault.title}`);
  }
}

/** What providers were asked for, and what of it consumers hold. */
async function providerFigures(cluster: Cluster, readings: readonly Reading[]) {
  const { callsOf, tokensOf } = await cluster.provider.figures(true);
  const kept = new Map<string, number>();
  for (const { rid, text } of readings) {
    kept.set(rid, Math.max(kept.get(rid) ?? 0, text.split(" ").length - 1));
  }
  const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
  return {
    providerCalls: sum(Object.values(callsOf)),
    requests: Object.keys(callsOf).length,
    sentTokens: sum(Object.values(tokensOf)),
    keptTokens: sum([...kept].map(([rid, tokens]) => (tokensOf[rid] === undefined ? 0 : tokens))),
  };
}

export async function runFaults(options: RunOptions): Promise<RunResult> {
  const startedAt = performance.now();
  const ledger: Ledger = {
    rows: new Map(),
    scenes: [],
    rollbacks: [],
    counts: { ...NO_COUNTS },
    violations: [],
    resumeMs: [],
  };
  const run = Math.random().toString(36).slice(2, 6);
  let streams = 0;
  let rounds = 0;
  const sceneOf = (fault: Fault, on: Cluster): Scene => {
    const newId = (): string => `${fault.id}-${run}-${String(++streams).padStart(5, "0")}`;
    const scene = new Scene(on, options.scale, newId, ledger.rollbacks);
    ledger.scenes.push({ fault, scene });
    return scene;
  };
  const cluster = await startCluster();
  try {
    const quiet = await commitDelays(cluster, (on) => sceneOf(NOTHING, on));
    options.onProgress("measured");
    const underFaults: number[] = [];
    const totals = { providerCalls: 0, requests: 0, sentTokens: 0, keptTokens: 0 };
    const takeoverGapMs: number[] = [];
    const surfaced: Record<string, number> = {};
    do {
      rounds++;
      const newScene = (fault: Fault): Scene => sceneOf(fault, cluster);
      await Promise.all(options.lanes.map((lane) => runLane(lane, options, newScene)));
      const figures = cluster.replicas.map(({ process }) => process.figures());
      underFaults.push(...(await Promise.all(figures)).flat());
      await calm(cluster, ledger);
      const readings = ledger.scenes.flatMap(({ scene }) => scene.allReadings);
      for (const { fault, scene } of ledger.scenes.splice(0)) judge(ledger, fault, scene);
      const more = await providerFigures(cluster, readings);
      for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += more[key];
      takeoverGapMs.push(...readings.flatMap(({ takeoverGaps }) => takeoverGaps));
      for (const { outcome, reason, rid } of readings) {
        if (outcome === "complete" || outcome === "left") continue;
        const name = `${rid.split("-")[0]}\t${reason}`;
        surfaced[name] = (surfaced[name] ?? 0) + 1;
      }
      ledger.rollbacks.length = 0;
    } while (performance.now() < startedAt + options.durationMs);
    return {
      seconds: (performance.now() - startedAt) / 1_000,
      rounds,
      streams,
      faults: [...ledger.rows.values()].filter(({ id }) => id !== NOTHING.id),
      counts: ledger.counts,
      violations: ledger.violations,
      surfaced,
      takeoverGapMs,
      resumeMs: ledger.resumeMs,
      commitMs: { ...quiet, "redis, under faults": underFaults },
      ...totals,
    };
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
}

/** The streams of a run before anything is broken. */
const NOTHING: Fault = { id: "F0", title: "nothing", run: async () => {} };
