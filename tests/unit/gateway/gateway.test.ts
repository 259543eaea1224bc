import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { GenerationFailed, type StreamEvent } from "../../../src/domain/generation.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { type Answer, createTestGateway, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const text = (value: string, partIndex = 0): ProviderEvent => ({
  type: "text-delta",
  partIndex,
  text: value,
});
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };
const usage: ProviderEvent = { type: "usage", counts: { inputTokens: 3, outputTokens: 2 } };

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const types = (events: readonly StreamEvent[]) => events.map(({ body }) => body.type);

/** A stream is the same for its caller, whether it is stored or not. */
describe.each([
  ["stored", STREAM_OPTIONS],
  ["ephemeral", { ...STREAM_OPTIONS, ephemeral: true, onDisconnect: "cancel" }],
] as const)("streamGenerate, %s", (_name, OPTIONS) => {
  it("numbers its events from `start` to `complete`", async () => {
    const { gateway, call, collect } = createTestGateway([
      text("a"),
      text("b"),
      { type: "part-end", partIndex: 0 },
      usage,
      finish,
    ]);
    const events = await collect(await gateway.streamGenerate(call, OPTIONS));
    expect(types(events)).toEqual(["start", "text-delta", "text-delta", "part-end", "complete"]);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(events.map(({ attemptIndex }) => attemptIndex)).toEqual([0, 1, 1, 1, 1]);
  });

  it("shapes the events as the options say", async () => {
    const answer: ProviderEvent[] = [
      { type: "reasoning-delta", partIndex: 0, text: "hm" },
      { type: "part-end", partIndex: 0 },
      text("a", 1),
      { type: "part-end", partIndex: 1 },
      usage,
      finish,
    ];
    const { gateway, call, collect } = createTestGateway(answer);
    const options = { ...OPTIONS, omitReasoning: true, includeUsage: true, includeEventTime: true };
    const events = await collect(await gateway.streamGenerate(call, options));
    expect(types(events)).toEqual([
      "start",
      "part-end",
      "text-delta",
      "part-end",
      "usage",
      "complete",
    ]);
    expect(events.every(({ eventTimeMs }) => eventTimeMs === 1_790_000_000_000)).toBe(true);
    // The part comes whole with its end, for it has to go back with the next turn.
    expect(events[1]?.body).toMatchObject({ part: { type: "reasoning", text: "hm" } });
    expect(events[3]?.body).toEqual({ type: "part-end", partIndex: 1 });
    expect(events[4]?.body).toMatchObject({
      final: true,
      usage: { outputTokens: 2, source: "provider" },
    });
  });

  it("ends by an error event that accounts for what was delivered", async () => {
    const { gateway, call, collect, stats } = createTestGateway(async function* () {
      yield text("delivered text");
      throw new GatewayError("network", "broken");
    });
    const events = await collect(
      await gateway.streamGenerate(call, { ...OPTIONS, includeUsage: true }),
    );
    expect(types(events)).toEqual(["start", "text-delta", "usage", "error"]);
    expect(events.at(-1)?.body).toMatchObject({
      failure: {
        error: { kind: "network" },
        partial: {
          usage: { source: "estimated", outputTokens: 4 },
          attempts: [{ outcome: "failed", errorKind: "network", outputDelivered: true }],
        },
      },
    });
    expect(stats.of("test")).toMatchObject({
      inFlight: 0,
      totalFailures: 1,
      lastErrorKind: "network",
    });
  });

  it("cuts deltas that are too long for a message between code points", async () => {
    const long = "🚀".repeat(100_000);
    const { gateway, call, collect } = createTestGateway([text(long), finish]);
    const events = await collect(await gateway.streamGenerate(call, OPTIONS));
    const pieces = events.flatMap(({ body }) => (body.type === "text-delta" ? [body.text] : []));
    expect(pieces.join("")).toBe(long);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) {
      expect(piece.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(256 * 1024);
    }
  });

  it("is cancelled by a reader that leaves, and the provider with it", async () => {
    let aborted: unknown;
    const { gateway, call, read, stats } = createTestGateway(async function* (signal) {
      signal.addEventListener("abort", () => {
        aborted = signal.reason;
      });
      for (;;) {
        yield text("a");
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
    });
    const options = { ...OPTIONS, onDisconnect: "cancel" as const };
    for await (const { sequence } of read(await gateway.streamGenerate(call, options))) {
      if (sequence > 3) break;
    }
    await settled();
    expect(aborted).toMatchObject({ kind: "cancelled" });
    expect(stats.of("test")).toMatchObject({ inFlight: 0, totalFailures: 0 });
  });

  it("is cancelled by its caller, and by nobody else", async () => {
    const { gateway, call, read } = createTestGateway(async function* (signal) {
      yield text("a");
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    const stream = await gateway.streamGenerate(call, OPTIONS);
    const target = { streamId: stream.streamId };
    const events: StreamEvent[] = [];
    for await (const event of read(stream)) {
      events.push(event);
      if (event.body.type !== "text-delta") continue;
      await expect(gateway.cancelGeneration("bob", target)).rejects.toMatchObject({
        kind: expect.stringMatching("not-found|permission-denied"),
      });
      expect(await gateway.cancelGeneration("alice", target)).toBe(true);
    }
    expect(types(events)).toEqual(["start", "text-delta", "error"]);
    expect(events.at(-1)?.body).toMatchObject({ failure: { error: { kind: "cancelled" } } });
  });

  it("tells of its end once: with its result, or with its error and what there is", async () => {
    const ends: unknown[] = [];
    const onEnd = (end: unknown): void => void ends.push(end);
    const whole = createTestGateway([text("Hello"), usage, finish]);
    await whole.collect(await whole.gateway.streamGenerate({ ...whole.call, onEnd }, OPTIONS));
    await settled();
    const result = { outputText: "Hello", finishReason: "stop" };
    expect(ends.splice(0)).toMatchObject([{ generation: result, error: undefined }]);
    const broken = createTestGateway(async function* () {
      yield text("Hel");
      throw new GatewayError("network", "broken");
    });
    await broken.collect(await broken.gateway.streamGenerate({ ...broken.call, onEnd }, OPTIONS));
    await settled();
    expect(ends).toMatchObject([{ generation: { provider: "test" }, error: { kind: "network" } }]);
  });

  it("ends an answer without bounds", async () => {
    const { gateway, call, read } = createTestGateway(async function* () {
      const megabyte = "x".repeat(1024 * 1024);
      for (;;) yield text(megabyte);
    });
    let last: StreamEvent | undefined;
    for await (const event of read(await gateway.streamGenerate(call, OPTIONS))) last = event;
    expect(last?.body).toMatchObject({ failure: { error: { kind: "stream-limit" } } });
  });
});

describe("generate", () => {
  it("gives the assembled message, and what the provider said of it", async () => {
    const { gateway, call } = createTestGateway([
      { type: "response", id: "r1", model: "exact-1" },
      text("Hello"),
      usage,
      finish,
    ]);
    expect(await gateway.generate(call)).toMatchObject({
      state: "generated",
      generation: {
        provider: "test",
        model: "test-model",
        providerModel: "exact-1",
        providerResponseId: "r1",
        outputText: "Hello",
        finishReason: "stop",
        providerFinishReason: "end",
        attempts: [{ index: 1, trigger: "initial", outcome: "succeeded" }],
        timing: { characterCount: 5, chunkCount: 1 },
      },
    });
  });

  const silent: Answer = async function* (signal) {
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    yield finish;
  };

  it.each<[string, (set: ReturnType<typeof createTestGateway>) => Promise<void> | void, string]>([
    ["its caller", ({ controller }) => controller.abort(), "cancelled"],
    ["the total limit", ({ clock }) => clock.advance(10_000), "total-timeout"],
    [
      "the end of the process",
      ({ runs }) => runs.abortAll(new GatewayError("owner-lost", "end")),
      "owner-lost",
    ],
  ])("is ended by %s", async (_name, end, kind) => {
    const set = createTestGateway(silent);
    const outcome = set.gateway.generate(set.call).catch((error: unknown) => error);
    await set.clock.advance(1);
    await end(set);
    const error = await outcome;
    expect(error).toBeInstanceOf(GenerationFailed);
    expect(error).toMatchObject({ failure: { error: { kind } } });
    expect(set.clock.pendingTimers).toBe(0);
    expect(set.stats.of("test").inFlight).toBe(0);
  });

  it("is ended before the caller's deadline, by a tenth of it or 100 ms", async () => {
    const set = createTestGateway(silent);
    let ended = false;
    const outcome = set.gateway
      .generate({ ...set.call, timeoutMs: 500 })
      .catch((error: unknown) => error)
      .finally(() => {
        ended = true;
      });
    await set.clock.advance(449);
    expect(ended).toBe(false);
    await set.clock.advance(1);
    expect(await outcome).toMatchObject({ failure: { error: { kind: "total-timeout" } } });
  });

  it("does not begin after the caller's deadline", async () => {
    const { gateway, call, stats } = createTestGateway(silent);
    await expect(gateway.generate({ ...call, timeoutMs: 0 })).rejects.toMatchObject({
      kind: "total-timeout",
    });
    expect(stats.of("test").totalRequests).toBe(0);
  });
});
