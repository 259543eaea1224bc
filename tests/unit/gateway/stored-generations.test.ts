import { describe, expect, it } from "vitest";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { endsAtDiscard, type StoredCall } from "../../../src/gateway/stored-generations.ts";
import { testRouting, testSpec } from "../../support/provider-request.ts";
import { LONG_MS } from "../../support/stored-streams.ts";
import { type Answer, createTestGateway, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const short: readonly ProviderEvent[] = [
  { type: "text-delta", partIndex: 0, text: "a" },
  { type: "part-end", partIndex: 0 },
  { type: "finish", reason: "stop", rawReason: "end" },
];

/** Tells a letter and then, at once or never, nothing more. */
const endless: Answer = async function* (signal) {
  yield { type: "text-delta", partIndex: 0, text: "a" };
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
};

type Set = ReturnType<typeof createTestGateway>;

function keyed(set: Set, changes: object = {}) {
  return { ...set.call, identity: { ...set.call.identity, requestId: "request-1" }, ...changes };
}

/** Nothing has a price here: no target would take the call. */
const UNPAID = { spec: testSpec({ budget: { maxCostPicos: 1, currency: "USD" } }) };

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("the deadline of a call", () => {
  it("ends the reading of a stream with what it has told so far, and the stream goes on", async () => {
    const set = createTestGateway(endless);
    const stream = await set.gateway.streamGenerate(
      { ...set.call, timeoutMs: 500 },
      STREAM_OPTIONS,
    );
    const reading = thrownBy(set.collect(stream));
    let isOver = false;
    void reading.then(() => {
      isOver = true;
    });
    await set.clock.advance(449);
    expect(isOver).toBe(false);
    await set.clock.advance(1);
    const error = await reading;
    expect(error).toBeInstanceOf(GenerationFailed);
    expect((error as GenerationFailed).failure).toMatchObject({
      error: {
        kind: "total-timeout",
        reason: "DELIVERY_DEADLINE",
        message: "the call's deadline passed before the end of the stream, which can be resumed",
      },
      partial: { attempts: [{ outcome: "running", outputDelivered: true }] },
    });
    const [head] = await set.faulty.peer.heads([stream.streamId]);
    expect(head?.phase).toBe("running");
  });

  it("ends a resumed reading with an error that knows nothing of the generation", async () => {
    const set = createTestGateway(endless);
    const { streamId } = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    const resumed = await set.gateway.resumeStream({
      caller: "alice",
      streamId,
      cursor: { sequence: 0, writer: 0 },
      signal: set.controller.signal,
      timeoutMs: 100,
    });
    const reading = thrownBy(set.collect(resumed));
    await set.clock.advance(90);
    expect(await reading).toMatchObject({ kind: "total-timeout", reason: "DELIVERY_DEADLINE" });
  });

  it("ends a whole answer by the end of its generation, which says so itself", async () => {
    const set = createTestGateway(endless);
    const answering = set.gateway.generate(keyed(set, { timeoutMs: 500 }));
    await set.clock.advance(450);
    const answer = await answering;
    if (answer.state !== "stored") throw new Error("nothing is stored");
    expect(answer.generation).toBeUndefined();
    expect(set.decode(answer.terminal).body).toMatchObject({
      type: "error",
      failure: { error: { kind: "total-timeout", message: expect.stringContaining("450 ms") } },
    });
  });
});

it("a whole answer that is stored has its result, and once more its end alone", async () => {
  const set = createTestGateway(short);
  const generation = { outputText: "a", generationId: expect.any(String) };
  expect(await set.gateway.generate(keyed(set))).toMatchObject({
    state: "stored",
    isReplayed: false,
    generation,
  });
  const again = await set.gateway.generate(keyed(set));
  expect(again).toMatchObject({ state: "stored", isReplayed: true, generation: undefined });
});

describe("the first event of a stream", () => {
  it("says how long it can be replayed, as the call or the settings say", async () => {
    for (const [options, retentionMs] of [
      [{}, 7_000],
      [{ retentionMs: 9 }, 9],
    ] as const) {
      const set = createTestGateway(short, { retentionMs: 7_000 });
      const call = { ...STREAM_OPTIONS, ...options };
      const stream = await set.gateway.streamGenerate(set.call, call);
      expect(stream).toMatchObject({ isReplayed: false, holdsOutput: false });
      const [start] = await set.collect(stream);
      expect(start?.body).toMatchObject({ type: "start", durability: "host", retentionMs });
    }
  });

  it("says that it cannot where the key alone is held here, and so does the result", async () => {
    const set = createTestGateway(short);
    set.faulty.faults.isDown = true;
    const stream = await set.gateway.streamGenerate(keyed(set), STREAM_OPTIONS);
    expect(stream.streamId).toMatch(/^e\./);
    const events = await set.collect(stream);
    expect(events[0]?.body).toMatchObject({ type: "start", durability: "none" });
    expect(events[0]?.body).not.toHaveProperty("retentionMs");
    const last = events.at(-1)?.body;
    const warnings = last?.type === "complete" ? last.generation.warnings : [];
    expect(warnings.map(({ reason, field }) => [reason, field])).toEqual([
      ["STREAM_UNSTORED", ""],
      ["IDEMPOTENCY_LOCAL", "request_id"],
    ]);
  });

  it("is looked for by no call without a key", async () => {
    const set = createTestGateway(short);
    await set.collect(await set.gateway.streamGenerate(set.call, STREAM_OPTIONS));
    expect(set.faulty.calls.get("find")).toBeUndefined();
  });

  it("is the same for a later call with the same key, which finds it in the store", async () => {
    const set = createTestGateway(short);
    const first = await set.collect(await set.gateway.streamGenerate(keyed(set), STREAM_OPTIONS));
    const again = await set.gateway.streamGenerate(keyed(set, UNPAID), STREAM_OPTIONS);
    expect(again.isReplayed).toBe(true);
    expect(await set.collect(again)).toEqual(first);
    expect([set.calls(), set.runs.active]).toEqual([1, 0]);
  });

  it("is the same for a call with the same key, which finds it here while the store is away", async () => {
    const set = createTestGateway(short);
    set.faulty.faults.isDown = true;
    const first = await set.collect(await set.gateway.streamGenerate(keyed(set), STREAM_OPTIONS));
    const again = await set.gateway.streamGenerate(keyed(set, UNPAID), STREAM_OPTIONS);
    expect(again.isReplayed).toBe(true);
    expect(await set.collect(again)).toEqual(first);
    expect(set.calls()).toBe(1);
  });
});

it.each([
  ["auto", true],
  ["fail", false],
] as const)(
  "the request is kept for another replica, if one may go on: %s",
  async (takeover, isKept) => {
    const set = createTestGateway(short, { takeover });
    const { streamId } = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    expect((await set.faulty.peer.loadRequest(streamId)) !== undefined).toBe(isKept);
  },
);

describe("a request that is to stay with the events", () => {
  const keeping = (set: ReturnType<typeof createTestGateway>) => ({
    ...set.call,
    identity: { ...set.call.identity, keepsRequest: true, request: () => Buffer.of(1, 2, 3) },
  });

  it.each(["auto", "fail"] as const)(
    "is stored whether another replica may go on or not: %s",
    async (takeover) => {
      const set = createTestGateway(short, { takeover });
      const stream = await set.gateway.streamGenerate(keeping(set), STREAM_OPTIONS);
      const { streamId } = stream;
      const [head] = await set.faulty.peer.heads([streamId]);
      expect(head).toMatchObject({ canMove: takeover === "auto", keepsRequest: true });
      await set.collect(stream);
      const asked = set.gateway.storedRequest("alice", streamId);
      await expect(asked).resolves.toMatchObject({ isRunning: false, request: Buffer.of(1, 2, 3) });
      const part = await set.gateway.storedRequest("alice", streamId, 2);
      expect(part.request).toEqual(Buffer.of(1, 2));
      await expect(set.gateway.storedRequest("bob", streamId)).rejects.toMatchObject({
        reason: "STREAM_NOT_FOUND",
      });
      await set.gateway.deleteStream("alice", streamId);
      await expect(set.gateway.storedRequest("alice", streamId)).rejects.toMatchObject({
        reason: "STREAM_EXPIRED",
      });
    },
  );

  it("is told what the stream is called and when it began", async () => {
    const set = createTestGateway(short);
    const told: unknown[] = [];
    const call = keeping(set);
    const request = (facts: unknown) => {
      told.push(facts);
      return new Uint8Array();
    };
    const identity = { ...call.identity, request };
    const stream = await set.gateway.streamGenerate({ ...call, identity }, STREAM_OPTIONS);
    const [start] = await set.collect(stream);
    const { streamId } = stream;
    expect(told).toEqual([{ streamId, createTimeMs: expect.any(Number) }]);
    expect(start).toMatchObject({ body: { type: "start", ...(told[0] as object) } });
  });
});

describe("a stream without a store", () => {
  it("ends with its only reader, whatever the call says of disconnects", async () => {
    const set = createTestGateway(endless);
    set.faulty.faults.isDown = true;
    const options = { ...STREAM_OPTIONS, onDisconnect: "continue" as const };
    const stream = await set.gateway.streamGenerate(keyed(set), options);
    const reading = set.read(stream);
    await reading.next();
    await reading.return();
    await set.clock.advance(60_000);
    expect(set.runs.active).toBe(0);
  });
});

describe("a reader's cursor", () => {
  it.each([
    [0, false],
    [1, false],
    [2, true],
    [3, true],
    [9, true],
  ])("at %i holds output: %s", async (sequence, holdsOutput) => {
    const set = createTestGateway(endless);
    const stream = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    for await (const { body } of set.read(stream)) if (body.type === "text-delta") break;
    const [head] = await set.faulty.peer.heads([stream.streamId]);
    if (head === undefined) throw new Error("no stream");
    const cursor = { sequence, writer: 0 };
    const call = { signal: set.controller.signal, timeoutMs: undefined };
    expect(set.stored.resume(head, cursor, call)).toMatchObject({ holdsOutput, isReplayed: false });
    const silent = { ...head, firstContent: 0, tail: 5 };
    expect(set.stored.resume(silent, cursor, call).holdsOutput).toBe(sequence > 5);
  });
});

it.each([
  [true, "restart", true],
  [true, "fail", true],
  [false, "restart", false],
  [false, "fail", true],
  [false, "continue", true],
] as const)(
  "who accepts discards (%s) and names %s ends at one: %s",
  async (acceptsDiscard, midStreamRecovery, ends) => {
    const set = createTestGateway(short);
    const spec = testSpec({ routing: testRouting({ midStreamRecovery }) });
    const call = { ...set.call, acceptsDiscard, spec };
    expect(endsAtDiscard(call as StoredCall)).toBe(ends);
    const stream = await set.gateway.streamGenerate(call, STREAM_OPTIONS);
    expect(stream.endsAtDiscard).toBe(ends);
    await set.collect(stream);
    const [head] = await set.faulty.peer.heads([stream.streamId]);
    if (head === undefined) throw new Error("no stream");
    const cursor = { sequence: 0, writer: 0 };
    const resumed = set.stored.resume(head, cursor, { ...call, timeoutMs: LONG_MS });
    expect(resumed.endsAtDiscard).toBe(ends);
  },
);
