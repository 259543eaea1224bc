import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { GenerationSpec } from "../../../src/domain/generation-spec.ts";
import type { Model, Pricing } from "../../../src/domain/model.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import type { RoutedTarget } from "../../../src/domain/route.ts";
import { textToContinue } from "../../../src/gateway/attempt-spec.ts";
import { NO_DELIVERY } from "../../../src/gateway/delivery.ts";
import { moneyObstacle, paidTargets } from "../../../src/gateway/paid-targets.ts";
import { type AttemptChanges, attemptScene } from "../../support/attempt-scene.ts";

const PRICING: Pricing = {
  currency: "USD",
  date: "2026-01-01",
  inputPicos: 1,
  outputPicos: 1_000,
  tiers: [],
};

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });
const partEnd: ProviderEvent = { type: "part-end", partIndex: 0 };
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };

/** An attempt whose text the caller holds, cut behind it. */
function broken(set: ReturnType<typeof attemptScene>, target: RoutedTarget, value: string): void {
  const attempt = set.start({ plan: { target } });
  set.say(attempt, text(value));
  attempt.end("failed", new GatewayError("truncated", "test"));
}

describe("an attempt as it is sent", () => {
  it("has the target's request, words and limits, and no trace of the call", async () => {
    const set = attemptScene();
    const timeouts = { connectMs: 7 };
    const attempt = set.start({ spec: { timeouts }, plan: { number: 3 } });
    for await (const _ of attempt.open(new AbortController().signal));
    expect(set.requests).toMatchObject([
      {
        effort: "high",
        stream: true,
        options: { custom: 1 },
        attempt: 3,
        continues: false,
        connectTimeoutMs: 7,
        usageWaitMs: 2_000,
      },
    ]);
    expect(set.requests[0]?.headers).toEqual({});
    expect(set.infos).toMatchObject([
      { provider: "test", model: "test-model", stream: true, index: 1, trigger: "initial" },
    ]);
    expect(set.stats.of("test")).toMatchObject({ inFlight: 1, totalRequests: 1 });
    const own = set.start({ model: { timeouts: { connectMs: 9 } } });
    for await (const _ of own.open(new AbortController().signal));
    expect(set.requests[1]?.connectTimeoutMs).toBe(9);
  });

  it("says of which trace it is where the instance is told", async () => {
    const set = attemptScene();
    const attempt = set.start({ model: { traceContext: true } });
    for await (const _ of attempt.open(new AbortController().signal));
    expect(set.requests).toMatchObject([{ headers: { traceparent: "00-1" } }]);
  });

  it.each<[string, AttemptChanges, object]>([
    ["alone", {}, { firstTokenMs: 30_000, idleMs: 40_000 }],
    ["before others", { plan: { hasNext: true } }, { firstTokenMs: 10_000 }],
    [
      "of a model that reasons",
      { model: { capabilities: new Set(["reasoning"] as const) } },
      { firstTokenMs: 120_000, idleMs: 120_000 },
    ],
    ["of a target with its own", { model: { timeouts: { idleMs: 11 } } }, { idleMs: 11 }],
    ["of a probe", { plan: { probeFirstTokenMs: 2_000 } }, { firstTokenMs: 2_000 }],
    [
      "of a request",
      { spec: { timeouts: { attemptMs: 5, idleMs: 6 } } },
      { attemptMs: 5, idleMs: 6 },
    ],
    [
      "before the end of the call",
      { plan: { hasNext: true, remainingMs: 8_000 } },
      { firstTokenMs: 4_000 },
    ],
  ])("has the limits of one %s", (_, changes, limits) => {
    expect(attemptScene().start(changes).limits).toMatchObject(limits);
  });

  it.each([
    [6_000, 3_000],
    // It goes on although its caller waits no longer.
    [0, 10_000],
    [-5, 10_000],
  ])("leaves the next target time before its caller leaves in %i ms", (waitsMs, firstTokenMs) => {
    expect(attemptScene({ waitsMs }).start({ plan: { hasNext: true } }).limits.firstTokenMs).toBe(
      firstTokenMs,
    );
  });

  it("is not to blame where a limit of the request's own ends it", () => {
    const { start } = attemptScene();
    const short = start({ spec: { timeouts: { idleMs: 6 } } });
    expect(short.isOwnLimit("idle-timeout")).toBe(true);
    expect(start().isOwnLimit("idle-timeout")).toBe(false);
  });

  it("as a part of a whole answer does not stream where that is of no use", () => {
    const { start } = attemptScene({ isStream: false });
    expect(start().form).toBe("whole");
  });
});

describe("what an attempt has told", () => {
  it("is delivered from the first output on, with the ends of parts before it", () => {
    const { start, say, delivered, result } = attemptScene();
    const attempt = start();
    say(attempt, partEnd);
    expect([delivered.length, attempt.isCommitted()]).toEqual([0, false]);
    say(attempt, text("a"));
    expect(delivered).toEqual([partEnd, text("a")]);
    say(attempt, finish);
    expect(delivered).toEqual([partEnd, text("a"), finish]);
    expect([attempt.isCommitted(), result.committed?.assembler.outputText()]).toEqual([true, "a"]);
    attempt.end("succeeded");
    // Nothing is told twice.
    expect(delivered).toHaveLength(3);
  });

  it.each([
    ["succeeded", [partEnd]],
    ["failed", []],
  ] as const)("is told at the end, if it was nothing but ends of parts: %s", (outcome, told) => {
    const { start, say, delivered } = attemptScene();
    const attempt = start();
    say(attempt, partEnd);
    attempt.end(outcome, outcome === "failed" ? new GatewayError("network", "test") : undefined);
    expect(delivered).toEqual(told);
  });
});

describe("the end of an attempt", () => {
  it("has a span, a record and the provider's counters", async () => {
    const { clock, start, say, spans, records, stats } = attemptScene();
    const attempt = start({ model: { pricing: PRICING } });
    say(attempt, { type: "response", id: "r-1", model: "test-model-2027" });
    await clock.advance(20);
    say(attempt, text("a"));
    await clock.advance(10);
    say(attempt, text("b"));
    say(attempt, { type: "usage", counts: { inputTokens: 3, outputTokens: 2 } });
    say(attempt, finish);
    await clock.advance(5);
    expect(attempt.accept()).toBeUndefined();
    attempt.end("succeeded");
    expect(spans).toMatchObject([
      {
        outcome: "succeeded",
        durationMs: 35,
        providerModel: "test-model-2027",
        providerResponseId: "r-1",
        finishReason: "stop",
        usage: { inputTokens: 3, outputTokens: 2 },
        cost: { totalPicos: 2_003 },
        timeToFirstTokenMs: 20,
        timePerChunkMs: 10,
        rhythm: { chunkCount: 2 },
        json: { documents: 1 },
      },
    ]);
    expect(Object.keys(spans[0] ?? {})).not.toContain("errorKind");
    expect(records).toMatchObject([{ type: "attempt", caller: "alice", attempt: { index: 1 } }]);
    expect(stats.of("test")).toMatchObject({ inFlight: 0, totalFailures: 0 });
    expect(stats.of("test").lastSuccessMs).toBeDefined();
  });

  it("without a word of the provider has no field that it does not know", () => {
    const { start, spans, stats } = attemptScene();
    start().end("failed", new GatewayError("network", "test"));
    const { rhythm, ...known } = spans[0] ?? {};
    expect(Object.keys(known).toSorted()).toEqual([
      "durationMs",
      "errorKind",
      "outcome",
      "providerModel",
      "providerResponseId",
      "usage",
    ]);
    expect(known).toMatchObject({ errorKind: "network", providerModel: "test-model-2026" });
    expect(stats.of("test")).toMatchObject({
      totalFailures: 1,
      lastErrorKind: "network",
      lastErrorMessage: "test",
    });
  });

  it("of a rival that has lost is no failure", () => {
    const { start, spans, stats } = attemptScene();
    start().end("superseded");
    expect(spans).toMatchObject([{ outcome: "superseded" }]);
    expect(stats.of("test")).toMatchObject({ inFlight: 0, totalFailures: 0 });
    expect(stats.of("test").lastSuccessMs).toBeUndefined();
  });
});

describe("how long a target takes", () => {
  /** The limit of an attempt, before others, behind so many that took 15 s each. */
  async function limitAfter(
    isStream: boolean,
    attempts: number,
    end: "succeeded" | "first-token-timeout" | "network",
  ): Promise<number | undefined> {
    const set = attemptScene({ isStream });
    for (let count = 0; count < attempts; count++) {
      const attempt = set.start({ plan: { hasNext: true } });
      await set.clock.advance(15_000);
      if (isStream && end === "succeeded") set.say(attempt, text("a"));
      if (end === "succeeded") attempt.end("succeeded");
      else attempt.end("failed", new GatewayError(end, "test"));
    }
    return set.start({ plan: { hasNext: true } }).limits.firstTokenMs;
  }

  it.each([
    [true, 10_000],
    [false, 20_000],
  ])("is learned from answers: as a stream %s", async (isStream, unknownMs) => {
    expect(await limitAfter(isStream, 0, "succeeded")).toBe(unknownMs);
    expect(await limitAfter(isStream, 2, "network")).toBe(unknownMs);
    expect(await limitAfter(isStream, 2, "succeeded")).toBeGreaterThanOrEqual(30_000);
  });

  it("is not learned from a silence, unless others were answered meanwhile", async () => {
    expect(await limitAfter(true, 2, "first-token-timeout")).toBe(10_000);
  });
});

describe("a continuation", () => {
  const prefill = { prefill: true };

  it("is sent with the text before it, and joined to that", async () => {
    const set = attemptScene();
    const target = set.fitted({ model: prefill });
    broken(set, target, "one a");
    expect(textToContinue(set.result, target)).toBe("one a");
    const attempt = set.start({ plan: { target, trigger: "continuation", number: 2 } });
    const events: ProviderEvent[] = [];
    for await (const event of attempt.open(new AbortController().signal)) events.push(event);
    expect(set.requests[0]).toMatchObject({ continues: true, attempt: 2 });
    expect(set.requests[0]?.spec.messages.at(-1)).toMatchObject({
      role: "assistant",
      parts: [{ text: "one a" }],
    });
    expect(events).toEqual([text("ab")]);
    // It may end at once: the text before it is an answer.
    set.say(attempt, { ...finish, isEmpty: true } as ProviderEvent);
    expect(attempt.accept()).toBeUndefined();
  });

  it.each<[string, Partial<Model>, Partial<GenerationSpec>]>([
    ["a model that takes no beginning", { prefill: false }, {}],
    ["another model", { ...prefill, id: "other" }, {}],
    ["a request for JSON", prefill, { outputFormat: { type: "json-object" } as never }],
    ["a request whose tokens are used up", prefill, { sampling: { maxOutputTokens: 1 } }],
  ])("is none at %s", (_, model, spec) => {
    const set = attemptScene();
    broken(set, set.fitted({ model: prefill }), "one text");
    expect(textToContinue(set.result, set.fitted({ model, spec }))).toBeUndefined();
  });

  it("is none where the part before it is whole, or nothing was told", () => {
    const set = attemptScene();
    const target = set.fitted({ model: prefill });
    expect(textToContinue(set.result, target)).toBeUndefined();
    const attempt = set.start({ plan: { target } });
    set.say(attempt, text("one"));
    set.say(attempt, partEnd);
    attempt.end("failed", new GatewayError("truncated", "test"));
    expect(textToContinue(set.result, target)).toBeUndefined();
  });

  it("has to be paid for with what was written before it", () => {
    const long = "word ".repeat(2_000);
    const set = attemptScene();
    const pricing = { ...PRICING, inputPicos: 1_000, outputPicos: 1 };
    const budget = { maxCostPicos: 1_500_000, currency: "USD" };
    const parameters = new Set(["sampling.max_output_tokens"] as const);
    const model = { ...prefill, pricing, parameters };
    broken(set, set.fitted({ model: { ...model, pricing: { ...pricing, inputPicos: 0 } } }), long);
    const target = set.fitted({ model, spec: { budget } });
    const call = { result: set.result, counter: set.counter };
    expect(moneyObstacle(call, target, "failover")).toBeUndefined();
    expect(moneyObstacle(call, target, "continuation")).toMatchObject({ kind: "budget" });
  });
});

it("targets that the money does not pay for are told as passed over, and the first error is the call's", () => {
  const set = attemptScene();
  const budget = { maxCostPicos: 100_000, currency: "USD" };
  const parameters = new Set(["sampling.max_output_tokens"] as const);
  const target = (provider: string, inputPicos: number) =>
    set.fitted({
      model: { provider, parameters, pricing: { ...PRICING, inputPicos } },
      spec: { budget },
    });
  const [dear, dearer, cheap] = [target("a", 1e9), target("b", 1e10), target("c", 1)];
  const call = { result: set.result, counter: set.counter };
  expect(paidTargets(call, [dear, cheap])).toEqual({ targets: [cheap], error: undefined });
  expect(set.result.attempts()).toMatchObject([
    { provider: "a", model: "test-model", outcome: "skipped", errorKind: "budget" },
  ]);
  const none = paidTargets(call, [dear, dearer]);
  expect(none.targets).toEqual([]);
  expect(none.error?.message).toContain("a/test-model");
});

it("a whole answer delivers nothing before its end", () => {
  expect(NO_DELIVERY.commits({} as never, {} as never)).toBe(false);
  expect(NO_DELIVERY.deliver({} as never, {} as never)).toBeUndefined();
  expect(NO_DELIVERY.json()).toBeUndefined();
});
