import { describe, expect, it } from "vitest";
import type { CleanupOrder } from "../../../src/domain/stream-states.ts";
import type { GenerationRuns } from "../../../src/gateway/generation-runs.ts";
import { readSummary, type StreamSummary } from "../../../src/gateway/stream-summary.ts";
import { Takeover } from "../../../src/gateway/takeover.ts";
import { createStreamOperations } from "../../../src/operations/stream-operations.ts";
import { encodeEvent, encodeInternalEnd } from "../../../src/rpc/encode-event.ts";
import { LOOKED_AT } from "../../../src/streams/stream-query.ts";
import { noStreamTelemetry } from "../../../src/telemetry/stream-telemetry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { noUsageSink } from "../../support/no-usage-sink.ts";
import { sharedStore } from "../../support/shared-store.ts";
import { appendTo, LONG_MS, newStream, success } from "../../support/stored-streams.ts";
import { streamLog } from "../../support/stream-log.ts";

const SUMMARY: StreamSummary = {
  kind: "stream",
  generationId: "g.1",
  requestedModel: "simulator",
  model: "simulator",
  createTimeMs: 0,
  labels: {},
  heartbeatMs: 0,
  attempts: [],
};

const progress = {
  provider: "simulator",
  details: new TextEncoder().encode(JSON.stringify(SUMMARY)),
};

const order = (overrides: Partial<CleanupOrder> = {}): CleanupOrder => ({
  olderThanMs: 0,
  dryRun: false,
  phases: [],
  includeOrphaned: true,
  maxDeletions: 0,
  ...overrides,
});

/** A replica, and a store in which another one has left its streams. */
async function setUp() {
  const clock = createManualClock();
  const store = sharedStore(clock);
  const log = streamLog(store, clock, "here-1");
  await store.openSession("here-1", LONG_MS);
  await store.openSession("gone-1", LONG_MS);
  const takeover = new Takeover({
    onEnd: () => {},
    clock,
    log,
    encodeEvent,
    encodeInternalEnd,
    onDefect: () => {},
    telemetry: noStreamTelemetry,
    lostUsage: async () => ({}),
    lostOutput: async () => undefined,
    // An orphan that only ends makes no call, but its records are kept.
    runs: { usage: noUsageSink } as GenerationRuns,
    disconnectPolicy: () => ({ policy: "cancel" }),
    decodeRequest: () => undefined,
  });
  const operations = createStreamOperations({
    clock,
    log,
    endOrphan: (stream) => takeover.end(stream),
  });
  const create = async (session: string): Promise<string> => {
    const stream = newStream({ session, progress });
    await store.create(stream);
    return stream.streamId;
  };
  const head = async (streamId: string) => (await store.heads([streamId]))[0];
  return { clock, store, operations, create, head };
}

describe("cleanup of orphans", () => {
  it("ends them with OWNER_LOST and deletes them, and leaves what lives", async () => {
    const { store, operations, create, head } = await setUp();
    const [orphan, alive] = [await create("gone-1"), await create("here-1")];
    await store.closeSession("gone-1");
    expect(await operations.get(orphan)).toMatchObject({ phase: "orphaned", owner: "gone" });
    const counted = await operations.cleanup(order({ dryRun: true }));
    expect(counted).toMatchObject({ matched: 1, deleted: 0, skipped: 1, sample: [orphan] });
    expect(counted.freedBytes).toBe((await head(orphan))?.bytes);
    expect(await operations.cleanup(order())).toMatchObject({
      matched: 1,
      deleted: 1,
      skipped: 1,
      freedBytes: counted.freedBytes,
      truncated: false,
    });
    const after = await head(orphan);
    expect(after).toMatchObject({ phase: "failed", token: { epoch: 2 }, owner: "here-1" });
    expect(after?.expiredAt).toBeDefined();
    expect(after && readSummary(after.progress).error).toMatchObject({ kind: "owner-lost" });
    expect(await head(alive)).toMatchObject({ phase: "running" });
  });

  it("takes none without being asked, and none whose last event is younger", async () => {
    const { clock, store, operations, create, head } = await setUp();
    const old = await create("gone-1");
    await clock.advance(5_000);
    const young = await create("gone-1");
    await store.closeSession("gone-1");
    const without = await operations.cleanup(order({ includeOrphaned: false }));
    expect(without).toMatchObject({ matched: 0, deleted: 0, skipped: 2 });
    const aged = await operations.cleanup(order({ olderThanMs: 5_000 }));
    expect(aged).toMatchObject({ matched: 1, deleted: 1, skipped: 0 });
    expect(await head(old)).toMatchObject({ phase: "failed" });
    expect(await head(young)).toMatchObject({ phase: "running" });
  });

  it("counts those it ends against the bound", async () => {
    const { store, operations, create } = await setUp();
    for (let index = 0; index < 3; index++) await create("gone-1");
    const ended = newStream({ session: "here-1", progress });
    await store.create(ended);
    await store.append(appendTo(ended, 2, 2, { ending: success }));
    await store.closeSession("gone-1");
    const some = await operations.cleanup(order({ maxDeletions: 2 }));
    expect(some).toMatchObject({ matched: 4, deleted: 2, truncated: true });
    const others = await operations.cleanup(order({ maxDeletions: 2 }));
    expect(others).toMatchObject({ matched: 2, deleted: 2, truncated: false });
  });

  it("finds them behind all that live", async () => {
    const { clock, store, operations, create, head } = await setUp();
    const orphan = await create("gone-1");
    await clock.advance(1);
    for (let index = 0; index < 2 * LOOKED_AT; index++) await create("here-1");
    await store.closeSession("gone-1");
    expect(await operations.cleanup(order())).toMatchObject({ matched: 1, deleted: 1 });
    expect((await head(orphan))?.phase).toBe("failed");
  });

  it("leaves one that another replica has taken meanwhile", async () => {
    const { store, operations, create, head } = await setUp();
    const orphan = await create("gone-1");
    await store.openSession("other-1", LONG_MS);
    await store.closeSession("gone-1");
    const { list } = store;
    const racing = await list({
      phases: ["orphaned"],
      provider: "",
      caller: "",
      olderThanMs: 0,
      limit: 1,
      after: undefined,
    });
    expect(racing.streams).toHaveLength(1);
    await store.claim(orphan, 1, { session: "other-1", nonce: 77_777 });
    store.list = async () => ({ ...racing, next: undefined });
    expect(await operations.cleanup(order())).toMatchObject({ deleted: 0, skipped: 1 });
    expect(await head(orphan)).toMatchObject({ phase: "running", owner: "other-1" });
  });
});

describe("cleanup in steps", () => {
  it("goes on until everything is deleted, in steps that a store can serve between calls", async () => {
    const { store, operations } = await setUp();
    for (let index = 0; index < 1_201; index++) {
      const stream = newStream({ session: "here-1", progress });
      await store.create(stream);
      await store.append(appendTo(stream, 2, 2, { ending: success }));
    }
    const limits: number[] = [];
    const { cleanup } = store;
    store.cleanup = (query) => {
      limits.push(query.limit);
      return cleanup(query);
    };
    expect(await operations.cleanup(order())).toMatchObject({
      matched: 1_201,
      deleted: 1_201,
      truncated: false,
    });
    expect(Math.max(...limits)).toBeLessThanOrEqual(500);
  });
});
