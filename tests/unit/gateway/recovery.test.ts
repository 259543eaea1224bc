import { describe, expect, it } from "vitest";
import { GenerationFailed, type StreamEventBody } from "../../../src/domain/generation.ts";
import type { Budget, GenerationSpec, Tool } from "../../../src/domain/generation-spec.ts";
import type { Model, Pricing } from "../../../src/domain/model.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import type { Deployment } from "../../../src/gateway/generation-run.ts";
import type { ProviderRequest } from "../../../src/providers/provider.ts";
import { answered, cut, fails, hangs, type Script, succeeds } from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testRouting, testSpec } from "../../support/provider-request.ts";
import { createGatewayOver, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const PRICING: Pricing = {
  currency: "USD",
  date: "2026-01-01",
  inputPicos: 1,
  outputPicos: 1,
  tiers: [],
};
/** A budget can pay for it. */
const MODEL: Partial<Model> = {
  prefill: true,
  pricing: PRICING,
  parameters: new Set(["sampling.max_output_tokens"]),
};
const MONEY: Budget = { maxCostPicos: 1_000_000, currency: "USD" };
const PROVIDER_TOOL: Tool = { type: "provider", provider: "a", config: { type: "search" } };
/** Above the tokens up to which a request is sent twice. */
const LARGE: GenerationSpec["messages"] = [
  { role: "user", parts: [{ type: "text", text: "word ".repeat(40_000) }] },
];

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });

/** The gateway over these instances, each with the same model. */
function setUp(scripts: Readonly<Record<string, readonly Script[]>>) {
  const clock = createManualClock();
  const requests: ProviderRequest[] = [];
  const sent = new Map<string, number>();
  const deployment: Deployment = {
    route(spec) {
      const [first, ...others] = Object.keys(scripts).map((provider) => ({
        model: testModel({ ...MODEL, provider }),
        spec,
        effort: undefined,
        options: {},
        warnings: [],
      }));
      if (first === undefined) throw new Error("no target");
      return { targets: [first, ...others], skipped: [], unfit: [] };
    },
    lease: () => () => {},
    provider: (id) => ({
      generate(request, signal) {
        requests.push(request);
        const number = sent.get(id) ?? 0;
        sent.set(id, number + 1);
        return (scripts[id]?.[number] ?? hangs)(signal, clock);
      },
      close: async () => {},
    }),
    abort: { mode: "close", maxTimeMs: 1_000 },
    timeouts: {
      connectMs: 1_000,
      firstTokenMs: 30_000,
      firstTokenFailoverMs: 10_000,
      answerFailoverMs: 10_000,
      idleMs: 30_000,
      reasoningMs: 120_000,
      reasoningFailoverMs: 30_000,
      totalMs: 600_000,
      maxTotalMs: 600_000,
    },
  };
  const set = createGatewayOver(clock, deployment);
  const call = (spec: Partial<GenerationSpec> = {}, timeoutMs?: number) => ({
    ...set.call,
    spec: testSpec(spec),
    timeoutMs,
  });
  /** A whole answer that nothing is stored of. */
  async function generate(spec: Partial<GenerationSpec>, timeoutMs?: number) {
    const answer = await set.gateway.generate(call(spec, timeoutMs));
    if (answer.state !== "generated") throw new Error("the answer was stored");
    return answer.generation;
  }
  async function stream(spec: Partial<GenerationSpec>, ms: number): Promise<StreamEventBody[]> {
    const events: StreamEventBody[] = [];
    const answer = await set.gateway.streamGenerate(call(spec), STREAM_OPTIONS);
    const reading = (async () => {
      for await (const { body } of set.read(answer)) events.push(body);
    })();
    await clock.advance(ms);
    await reading;
    return events;
  }
  return { clock, generate, stream, requests };
}

describe("CONTINUE", () => {
  const routing = testRouting({ midStreamRecovery: "continue" });

  it("goes on after the text, and the reader ends with one answer", async () => {
    const { stream, requests } = setUp({
      a: [
        fails(cut(), 0, "one "),
        async function* () {
          yield text("two");
          yield { type: "finish", reason: "stop", rawReason: "" };
        },
      ],
    });
    const events = await stream({ routing }, 5_000);
    const deltas = events.filter(({ type }) => type === "text-delta");
    expect(deltas).toMatchObject([{ text: "one " }, { text: "two" }]);
    expect(requests[1]?.continues).toBe(true);
    expect(requests[1]?.spec.messages.at(-1)).toMatchObject({ parts: [{ text: "one" }] });
    expect(events.at(-1)?.type).toBe("complete");
  });

  it("needs no rest: the text before may have been all but its end", async () => {
    const ends: Script = async function* () {
      yield { type: "finish", reason: "stop", rawReason: "" };
    };
    const { stream, requests } = setUp({ a: [fails(cut(), 0, "one"), ends] });
    const events = await stream({ routing }, 5_000);
    expect(requests[1]?.continues).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: "complete", generation: { outputText: "one" } });
  });

  it("adds nothing to a text that is whole, although its answer broke off", async () => {
    const { stream, requests } = setUp({
      a: [
        async function* () {
          yield text("one");
          yield { type: "part-end", partIndex: 0 };
          throw cut();
        },
        succeeds(),
      ],
    });
    const events = await stream({ routing }, 5_000);
    expect(requests).toHaveLength(1);
    expect(events.at(-1)?.type).toBe("error");
  });
});

describe("attempts that are not the last", () => {
  it("a hedge that loses is in the result, with its usage", async () => {
    const { clock, generate } = setUp({ a: [hangs], b: [succeeds(10)] });
    const routing = testRouting({ hedge: { delayMs: 100 } });
    const answer = generate({ routing });
    await clock.advance(110);
    const { attempts } = await answer;
    expect(attempts).toMatchObject([
      { provider: "a", outcome: "superseded", usage: { source: "estimated" } },
      { provider: "b", outcome: "succeeded", trigger: "hedge" },
    ]);
    expect(attempts[0]?.usage?.inputTokens).toBeGreaterThan(0);
  });

  it.each<[string, Partial<GenerationSpec>]>([
    ["a budget, which two attempts could each spend", { budget: MONEY }],
    ["a tool that the provider runs, which would run twice", { tools: [PROVIDER_TOOL] }],
    ["a large request", { messages: LARGE }],
  ])("no hedge is sent with %s", async (_name, spec) => {
    const { clock, generate, requests } = setUp({ a: [succeeds(5_000)], b: [succeeds(10)] });
    const answer = generate({ ...spec, routing: testRouting({ hedge: { delayMs: 100 } }) });
    await clock.advance(5_000);
    expect((await answer).attempts).toMatchObject([{ provider: "a", outcome: "succeeded" }]);
    expect(requests).toHaveLength(1);
  });

  it("a deadline is split: a target that hangs leaves time for the next", async () => {
    const { clock, generate, requests } = setUp({ a: [hangs], b: [succeeds(100)] });
    const answer = generate({}, 2_000);
    await clock.advance(2_000);
    expect((await answer).attempts).toMatchObject([
      { provider: "a", outcome: "failed", errorKind: "first-token-timeout" },
      { provider: "b", outcome: "succeeded" },
    ]);
    expect(requests).toHaveLength(2);
  });

  it("A-30: a silent stream goes to the next target after 10 seconds", async () => {
    const { stream, requests } = setUp({ a: [hangs], b: [succeeds()] });
    const events = await stream({}, 10_001);
    expect(events.at(-1)?.type).toBe("complete");
    expect(requests).toHaveLength(2);
  });

  it("every one of them is in the error", async () => {
    const { clock, generate } = setUp({ a: Array(3).fill(fails(answered(503))) });
    const answer = generate({}).catch((error: unknown) => error);
    await clock.advance(10_000);
    const error = await answer;
    expect(error).toBeInstanceOf(GenerationFailed);
    expect((error as GenerationFailed).failure.partial?.attempts).toMatchObject([
      { index: 1, trigger: "initial", outcome: "failed", delayMs: 0 },
      { index: 2, trigger: "retry", outcome: "failed", delayMs: 375 },
      { index: 3, trigger: "retry", outcome: "failed", delayMs: 750 },
    ]);
  });
});
