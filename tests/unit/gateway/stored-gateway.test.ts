import { describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import type { StreamOptions } from "../../../src/domain/stream-options.ts";
import { listAll } from "../../support/list-all.ts";
import { type Answer, createTestGateway, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };
const short: readonly ProviderEvent[] = [
  { type: "text-delta", partIndex: 0, text: "a" },
  { type: "part-end", partIndex: 0 },
  finish,
];

const endless: Answer = async function* (signal) {
  yield { type: "text-delta", partIndex: 0, text: "a" };
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  yield finish;
};

function identified(call: ReturnType<typeof createTestGateway>["call"], fingerprint = "same") {
  return { ...call, identity: { ...call.identity, requestId: "request-1", fingerprint } };
}

describe("a stream that no log takes", () => {
  it.each([
    ["away", { isDown: true }],
    ["full", { isFull: true }],
  ] as const)(
    "is refused where the store is %s and streams must be stored, and its generation released",
    async (_name, faults) => {
      const set = createTestGateway(short, { durability: "required" });
      Object.assign(set.faulty.faults, faults);
      const call = set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
      await expect(call).rejects.toMatchObject({ kind: "state-unavailable" });
      expect(set.clock.pendingTimers).toBe(0);
      expect([set.calls(), set.stats.of("test").inFlight]).toEqual([0, 0]);
      const [target] = [...set.engine.states.models("test")].map(([, state]) => state);
      expect(target?.limit.inFlight).toBe(0);
    },
  );

  it("goes unstored while the store is away, and says so; the next ones do not wait", async () => {
    const set = createTestGateway(short);
    set.faulty.faults.hangs = true;
    const opening = set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    await set.clock.advance(49);
    await set.clock.advance(1);
    const first = await opening;
    expect(first.streamId).toMatch(/^e\./);
    const [start] = await set.collect(first);
    expect(start?.body).toMatchObject({ type: "start", durability: "none" });
    expect(set.log.health.isDown).toBe(false);
    set.log.health.failed({ cause: "timeout", code: "" });
    const next = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    await set.collect(next);
    expect(set.faulty.calls.get("create")).toBe(1);
  });

  it("field:S8: is served where the store is full, as where it is away, and its caller is told", async () => {
    const set = createTestGateway(short);
    for (const faults of [{ isFull: true }, { isFull: false, isDown: true }]) {
      Object.assign(set.faulty.faults, faults);
      const stream = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
      expect(stream.streamId).toMatch(/^e\./);
      const last = (await set.collect(stream)).at(-1)?.body;
      const generation = last?.type === "complete" ? last.generation : undefined;
      expect(generation?.warnings).toMatchObject([{ reason: "STREAM_UNSTORED" }]);
      expect(generation?.warnings[0]?.message).toContain("is away");
    }
  });

  it("field:S14: is told apart from one whose store is away where the answer was late", async () => {
    const set = createTestGateway(short);
    set.faulty.faults.hangs = true;
    const opening = set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    await set.clock.advance(50);
    const last = (await set.collect(await opening)).at(-1)?.body;
    const generation = last?.type === "complete" ? last.generation : undefined;
    expect(generation?.warnings).toMatchObject([
      { reason: "STREAM_UNSTORED", message: expect.stringContaining("in time") },
    ]);
    set.faulty.faults.hangs = false;
    const next = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    expect(next.streamId).toMatch(/^s\./);
    await set.collect(next);
  });
});

describe("a stream whose creation was not answered in time", () => {
  async function unanswered(fault: { delayMs?: number; losesAnswers?: boolean }) {
    const set = createTestGateway(short);
    Object.assign(set.faulty.faults, fault, { only: ["create"] });
    const opening = set.gateway.streamGenerate(identified(set.call), STREAM_OPTIONS);
    await set.clock.advance(100);
    expect((await set.collect(await opening)).at(-1)?.body.type).toBe("complete");
    const everything = { phases: [], provider: "", caller: "", olderThanMs: 0 };
    const query = { ...everything, limit: 10, after: undefined };
    return { set, listed: () => listAll(set.faulty.peer, query) };
  }

  it("field:S15: is in no list, and its key is free, where the answer is late", async () => {
    const { set, listed } = await unanswered({ delayMs: 80 });
    expect(await listed()).toEqual([]);
    const id = set.faulty.appends[0]?.append.streamId ?? "";
    const [head] = await set.faulty.peer.heads([id]);
    expect(head).toMatchObject({ phase: "failed", tail: 2, isBound: false, retentionMs: 0 });
    expect(head?.expiredAt).toBe(head?.endedAt);
    const { caller, requestId } = identified(set.call).identity;
    expect(await set.faulty.peer.find(caller, requestId)).toBeUndefined();
  });

  it("field:S15: is in no list once the store has been looked at, where the answer is lost", async () => {
    const { set, listed } = await unanswered({ losesAnswers: true });
    expect(await listed()).toMatchObject([{ phase: "running", tail: 1, handedOff: false }]);
    await set.log.releaseAbandoned();
    expect(await listed()).toEqual([]);
    expect(await set.faulty.peer.orphans(10)).toEqual([]);
  });
});

it("how a resumed reader ends is counted, at its beginning and while it reads", async () => {
  const set = createTestGateway(short);
  const first = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
  await set.collect(first);
  const { streamId } = first;
  const resume = (name: string, sequence: number) =>
    set.gateway.resumeStream({
      caller: "alice",
      streamId: name,
      cursor: { sequence, writer: 0 },
      signal: set.controller.signal,
      timeoutMs: undefined,
    });
  await set.collect(await resume(streamId, 1));
  await expect(resume("s.unknown", 1)).rejects.toMatchObject({ kind: "not-found" });
  await expect(set.collect(await resume(streamId, 99))).rejects.toMatchObject({
    kind: "validation",
  });
  const left = set.read(await resume(streamId, 0));
  await left.next();
  await left.return();
  expect(set.resumed).toEqual(["ok", "STREAM_NOT_FOUND", "SEQUENCE_AHEAD", "CANCELLED"]);
});

describe("cancelGeneration", () => {
  it("is answered with a typed error while the store is away", async () => {
    const set = createTestGateway(endless);
    const stream = await set.gateway.streamGenerate(identified(set.call), STREAM_OPTIONS);
    set.faulty.faults.isDown = true;
    set.faulty.faults.only = ["requestCancel"];
    const cancel = set.gateway.cancelGeneration("alice", { streamId: stream.streamId });
    await expect(cancel).rejects.toMatchObject({ kind: "state-unavailable" });
    set.faulty.faults.isDown = false;
    const reading = set.collect(stream);
    await set.gateway.cancelGeneration("alice", { requestId: "request-1" });
    expect((await reading).at(-1)?.body).toMatchObject({
      failure: { error: { reason: "CANCELLED_BY_CALLER" } },
    });
    expect(set.clock.pendingTimers).toBe(0);
  });
});

describe("a stored stream without a reader", () => {
  // All within the second that a provider may be silent.
  const silent: Answer = async function* (signal) {
    yield { type: "text-delta", partIndex: 0, text: "a" };
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };

  it.each<[string, Partial<StreamOptions>, number | undefined]>([
    ["the time of the settings", {}, 800],
    ["its own time", { disconnectGraceMs: 300 }, 300],
    ["its own time, and if that is none", { disconnectGraceMs: 0 }, 0],
    ["no time", { onDisconnect: "cancel" }, 0],
    ["all time", { onDisconnect: "continue", disconnectGraceMs: 300 }, undefined],
  ])("goes on for %s", async (_name, options, graceMs) => {
    const set = createTestGateway(silent, { disconnectGraceMs: 800 });
    const stream = await set.gateway.streamGenerate(set.call, { ...STREAM_OPTIONS, ...options });
    for await (const { body } of set.read(stream)) if (body.type === "text-delta") break;
    const phase = async () => (await set.faulty.peer.heads([stream.streamId]))[0]?.phase;
    if (graceMs !== 0) {
      await set.clock.advance((graceMs ?? 900) - 1);
      expect(await phase()).toBe("running");
    }
    if (graceMs === undefined) return;
    await set.clock.advance(1);
    expect(await phase()).toBe("cancelled");
  });
});

describe("calls with one key", () => {
  it("share one generation, also where they all arrive before it is stored", async () => {
    const set = createTestGateway(short);
    set.faulty.faults.delayMs = 5;
    const calls = Array.from({ length: 10 }, () =>
      set.gateway.streamGenerate(identified(set.call), STREAM_OPTIONS),
    );
    await set.clock.advance(20);
    const streams = await Promise.all(calls);
    const reading = Promise.all(streams.map((stream) => set.collect(stream)));
    await set.clock.advance(100);
    const [first, ...others] = await reading;
    expect(first?.at(-1)?.body.type).toBe("complete");
    for (const events of others) expect(events).toEqual(first);
    expect(streams.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1);
    expect(set.calls()).toBe(1);
    expect([set.stats.of("test").inFlight, set.clock.pendingTimers]).toEqual([0, 0]);
    const other = set.gateway.streamGenerate(identified(set.call, "other"), STREAM_OPTIONS);
    const refused = expect(other).rejects.toMatchObject({ reason: "REQUEST_ID_REUSED" });
    await set.clock.advance(20);
    await refused;
  });
});
