import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { GenerationFailed, type StreamEvent } from "../../../src/domain/generation.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import type { StreamOptions } from "../../../src/domain/stream-options.ts";
import { createGateway } from "../../../src/gateway.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { ReliabilityEngine } from "../../../src/reliability/attempts.ts";
import { ProviderStats } from "../../../src/reliability/provider-stats.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/settings.ts";
import { TargetStates } from "../../../src/reliability/target-states.ts";
import { noTelemetry } from "../../../src/telemetry/telemetry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";

const OPTIONS: StreamOptions = {
  omitReasoning: false,
  includeUsage: false,
  includeEventTime: false,
  omitFinalMessage: false,
  heartbeatMs: 0,
};

const text = (value: string, partIndex = 0): ProviderEvent => ({
  type: "text-delta",
  partIndex,
  text: value,
});
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };
const usage: ProviderEvent = { type: "usage", counts: { inputTokens: 3, outputTokens: 2 } };

type Answer = (signal: AbortSignal) => AsyncIterable<ProviderEvent>;

function setUp(answer: Answer | readonly ProviderEvent[]) {
  const clock = createManualClock();
  const stats = new ProviderStats(clock);
  const model = testModel();
  const provider: Provider = {
    async *generate(_request, signal) {
      yield* typeof answer === "function" ? answer(signal) : answer;
    },
    close: async () => {},
  };
  let ids = 0;
  const gateway = createGateway({
    clock,
    stats,
    engine: new ReliabilityEngine(clock, new TargetStates(clock, DEFAULT_SETTINGS)),
    telemetry: noTelemetry,
    newId: () => `id-${ids++}`,
    deployment: () => ({
      route: (spec) => ({
        targets: [{ model, spec, effort: undefined, options: {}, warnings: [] }],
        skipped: [],
        unfit: [],
      }),
      provider: () => provider,
      timeouts: {
        connectMs: 1,
        firstTokenMs: 1_000,
        firstTokenFailoverMs: 1_000,
        idleMs: 1_000,
        reasoningMs: 1_000,
        reasoningFailoverMs: 1_000,
        totalMs: 10_000,
        maxTotalMs: 10_000,
      },
    }),
  });
  const controller = new AbortController();
  const call = {
    spec: testSpec(),
    signal: controller.signal,
    timeoutMs: undefined as number | undefined,
    telemetry: { end: () => {} },
  };
  return { clock, stats, gateway, controller, call };
}

async function collect(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const types = (events: readonly StreamEvent[]) => events.map(({ body }) => body.type);

describe("streamGenerate", () => {
  it("numbers its events from `start` to `complete`", async () => {
    const { gateway, call } = setUp([
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
    const { gateway, call } = setUp(answer);
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
    const { gateway, call, stats } = setUp(async function* () {
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
    const { gateway, call } = setUp([text(long), finish]);
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
    const { gateway, call, stats } = setUp(async function* (signal) {
      signal.addEventListener("abort", () => {
        aborted = signal.reason;
      });
      for (;;) {
        yield text("a");
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
    });
    for await (const { sequence } of await gateway.streamGenerate(call, OPTIONS))
      if (sequence > 3) break;
    expect(aborted).toMatchObject({ kind: "cancelled" });
    expect(stats.of("test")).toMatchObject({ inFlight: 0, totalFailures: 0 });
  });

  it("ends an answer without bounds", async () => {
    const { gateway, call } = setUp(async function* () {
      const megabyte = "x".repeat(1024 * 1024);
      for (;;) yield text(megabyte);
    });
    let last: StreamEvent | undefined;
    for await (const event of await gateway.streamGenerate(call, OPTIONS)) last = event;
    expect(last?.body).toMatchObject({ failure: { error: { kind: "stream-limit" } } });
  });
});

describe("generate", () => {
  it("gives the assembled message, and what the provider said of it", async () => {
    const { gateway, call } = setUp([
      { type: "response", id: "r1", model: "exact-1" },
      text("Hello"),
      usage,
      finish,
    ]);
    expect(await gateway.generate(call)).toMatchObject({
      provider: "test",
      model: "test-model",
      providerModel: "exact-1",
      providerResponseId: "r1",
      outputText: "Hello",
      finishReason: "stop",
      providerFinishReason: "end",
      attempts: [{ index: 1, trigger: "initial", outcome: "succeeded" }],
      timing: { characterCount: 5, chunkCount: 1 },
    });
  });

  const silent: Answer = async function* (signal) {
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    yield finish;
  };

  it.each<[string, (set: ReturnType<typeof setUp>) => Promise<void> | void, string]>([
    ["its caller", ({ controller }) => controller.abort(), "cancelled"],
    ["the total limit", ({ clock }) => clock.advance(10_000), "total-timeout"],
    [
      "the end of the process",
      ({ gateway }) => gateway.endAll(new GatewayError("owner-lost", "end")),
      "owner-lost",
    ],
  ])("is ended by %s", async (_name, end, kind) => {
    const set = setUp(silent);
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
    const set = setUp(silent);
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
    const { gateway, call, stats } = setUp(silent);
    await expect(gateway.generate({ ...call, timeoutMs: 0 })).rejects.toMatchObject({
      kind: "total-timeout",
    });
    expect(stats.of("test").totalRequests).toBe(0);
  });
});
