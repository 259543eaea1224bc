// One seed is one run: replicas, consumers and faults as the seed draws them, then
// a calm in which everything has to come to its end.

import { readSummary } from "../../src/gateway/stream-summary.ts";
import { checkHistory } from "../support/checkers/check-history.ts";
import { digestOf, type HistoryEntry, type Violation } from "../support/history.ts";
import { listAll } from "../support/list-all.ts";
import { ask } from "./connection.ts";
import { Consumer } from "./consumer.ts";
import { calmDown, unleash } from "./nemesis.ts";
import { drawRequest, GRACE_MS, RETENTION_MS, type SimulatedRequest } from "./request.ts";
import { type Mutation, TOMBSTONE_MS, World } from "./world.ts";

const CALM_LIMIT_MS = 90_000;
const STEP_MS = 500;
/** One run in so many goes on until everything has been forgotten. */
const LONG_RUNS = 0.08;
/** One run in so many goes on until the places of lost generations are back. */
const PLACES_RUNS = 0.3;
/** Settlements wait for their store no longer, once it answers. */
const SETTLE_MS = 2_000;
/** The longest time of a generation, the time for which a lost one waits for another replica, and a session. */
const LOST_MS = 60_000 + 60_000 + 6_000 + 5_000;

export interface SeedReport {
  readonly seed: number;
  readonly virtualMs: number;
  readonly streams: number;
  readonly takeovers: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly violations: readonly Violation[];
  readonly history: readonly HistoryEntry[];
}

function addConsumers(world: World, request: SimulatedRequest, spreadMs: number): void {
  const { dice } = world.scheduler;
  const hasKey = request.identity.requestId !== "";
  const canFollow = request.kind === "stream" && !request.options.ephemeral;
  const startMs = dice.between(0, spreadMs);
  const add = (name: string, afterMs: number, isFollower: boolean): void => {
    const consumer = new Consumer(world, {
      name: `${request.key}/${name}`,
      request,
      startAfterMs: startMs + afterMs,
      isFollower,
      cuts: dice.pick([0, 0, 0.05, 0.2]),
      pauseMs: dice.pick([0, 0, 0, 50, 400]),
      leavesAfter: dice.chance(0.12) ? dice.whole(1, request.tokens) : undefined,
    });
    world.consumers.push(consumer);
    void consumer.run();
  };
  add("first", 0, false);
  if (hasKey)
    for (let more = dice.whole(0, 2); more > 0; more--)
      add(`same-${more}`, dice.between(0, 1_500), false);
  if (canFollow && dice.chance(0.5)) add("follower", dice.between(0, 1_500), true);
}

/** Somebody cancels; and somebody asks for what is not theirs. */
function addIntruders(world: World, request: SimulatedRequest, spreadMs: number): void {
  const { scheduler, history, streamIds } = world;
  const { dice } = scheduler;
  const process = scheduler.process("intruder");
  if (dice.chance(0.25)) {
    process.schedule(dice.between(0, spreadMs + 4_000), async () => {
      const streamId = streamIds.get(request.key);
      if (streamId === undefined) return;
      const { requestId } = request.identity;
      const target = requestId !== "" && dice.chance(0.5) ? { requestId } : { streamId };
      const answer = await ask(scheduler, process, world.pickReplica(), (gateway) =>
        gateway.cancelGeneration("caller", target),
      );
      if ("value" in answer) history.add({ type: "cancel", streamId, isCancelled: answer.value });
    });
  }
  if (dice.chance(0.15)) {
    process.schedule(dice.between(500, spreadMs + 8_000), async () => {
      const streamId = streamIds.get(request.key);
      if (streamId === undefined) return;
      const answer = await ask(scheduler, process, world.pickReplica(), async (gateway, signal) => {
        if (dice.chance(0.5)) return gateway.cancelGeneration("stranger", { streamId });
        const cursor = { sequence: 0, writer: 0 };
        await gateway.resumeStream({
          caller: "stranger",
          streamId,
          cursor,
          signal,
          timeoutMs: undefined,
        });
        return true;
      });
      const code = "value" in answer ? "OK" : answer.status.code;
      if (code !== "UNAVAILABLE") history.add({ type: "foreign", streamId, code });
    });
  }
}

async function noteRunning(world: World): Promise<number> {
  const query = { phases: [], provider: "", caller: "", olderThanMs: 0, after: undefined };
  const found = await listAll(world.store.direct, { ...query, limit: 10_000 });
  const running = found.filter(({ phase }) => phase === "running");
  for (const { streamId, tail, isOwnerAlive, handedOff, progress } of running) {
    const isOrphan = handedOff || !isOwnerAlive;
    const isWhole = readSummary(progress).kind === "unary";
    world.history.add({ type: "running", streamId, tail, isOrphan, isWhole });
  }
  return running.length;
}

async function noteLogs(world: World): Promise<number> {
  const { direct } = world.store;
  const query = { phases: [], provider: "", caller: "", olderThanMs: 0, after: undefined };
  const found = await listAll(direct, { ...query, limit: 10_000 });
  const keys = new Map(Array.from(world.streamIds, ([key, streamId]) => [streamId, key]));
  for (const { streamId, phase, requestId, progress } of found) {
    const generation = readSummary(progress).generationId;
    const log = await direct.read(streamId, { sequence: 0, writer: 0 }, 100_000);
    const batches = log.state === "read" ? log.batches : [];
    const events = batches.flatMap((batch) =>
      batch.events.map((event, index) => ({
        sequence: batch.first + index,
        writer: batch.writer,
        digest: digestOf(event),
      })),
    );
    const key = requestId === "" ? (keys.get(streamId) ?? "") : requestId;
    world.history.add({
      type: "log",
      streamId,
      key,
      generation,
      phase,
      graceMs: GRACE_MS,
      events,
    });
  }
  return found.length;
}

/** Goes on until retention and tombstones are over: nothing may be left. */
async function forget(world: World, before: Readonly<Record<string, number>>): Promise<void> {
  const { scheduler, store, history } = world;
  await scheduler.runUntil(scheduler.now + RETENTION_MS + TOMBSTONE_MS + 2 * 45_000 + 5_000);
  for (const streamId of world.knownStreams) {
    const [stream] = await store.direct.heads([streamId]);
    if (stream === undefined) continue;
    const { phase, endedAt, expiredAt, retentionMs, now } = stream;
    const isExpired = expiredAt !== undefined;
    const at = endedAt === undefined ? undefined : scheduler.now - (now - endedAt);
    history.add({
      type: "kept",
      streamId,
      phase,
      endedAt: at,
      isExpired,
      retentionMs,
      tombstoneMs: TOMBSTONE_MS,
    });
  }
  history.add({ type: "resources", when: "before", held: before });
  // The background work holds something for a moment now and then.
  const after: Record<string, number> = { ...world.held() };
  for (let look = 0; look < 8; look++) {
    await scheduler.runUntil(scheduler.now + 37);
    for (const [what, held] of Object.entries(world.held())) {
      after[what] = Math.min(after[what] ?? held, held);
    }
  }
  history.add({ type: "resources", when: "after", held: after });
}

/** All generations have ended: living replicas have settled theirs, and lost ones give their places back in time. */
async function checkPlaces({ scheduler, limits }: World): Promise<Violation[]> {
  const { now, dice } = scheduler;
  await scheduler.runUntil(now + SETTLE_MS);
  const found = limits.unsettled.map((id) => `${id} has ended and is not settled`);
  if (dice.chance(PLACES_RUNS)) {
    await scheduler.runUntil(now + LOST_MS);
    const places = await limits.places();
    if (places > 0) found.push(`${places} generations that have ended hold a place`);
  }
  return found.map((message) => ({ property: "limits", message }));
}

export async function runSeed(seed: number, mutation?: Mutation): Promise<SeedReport> {
  const world = new World(seed, mutation);
  const { scheduler } = world;
  const { dice } = scheduler;
  for (let left = dice.whole(2, 3); left > 0; left--) world.addReplica();
  await scheduler.runUntil(1_500);
  const idle = world.held();
  const faultsMs = dice.between(2_000, 15_000);
  for (let left = dice.whole(2, 5); left > 0; left--) {
    const request = drawRequest(dice, `request-${left}`);
    addConsumers(world, request, faultsMs);
    addIntruders(world, request, faultsMs);
  }
  unleash(world, faultsMs);
  await scheduler.runUntil(scheduler.now + faultsMs);
  calmDown(world);
  const end = scheduler.now + CALM_LIMIT_MS;
  for (;;) {
    await scheduler.runUntil(scheduler.now + STEP_MS);
    const running = await noteRunning(world);
    const isDone = running === 0 && world.consumers.every((consumer) => consumer.isDone);
    if (isDone || scheduler.now >= end) break;
  }
  const streams = await noteLogs(world);
  if (dice.chance(LONG_RUNS)) await forget(world, idle);
  for (const [fault, count] of world.provider.counts) {
    world.faults.set(fault, (world.faults.get(fault) ?? 0) + count);
  }
  const violations = await checkPlaces(world);
  const { entries } = world.history;
  return {
    seed,
    virtualMs: scheduler.now,
    streams,
    takeovers: world.takeovers,
    faults: world.faults,
    violations: [...checkHistory(entries), ...violations],
    history: entries,
  };
}
