// Usage and cost of every provider's answers as its wire has them, by the shipped prices:
// the arithmetic stands at the head of each fixture.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Generation } from "../../gen/es/steer/v1/generation_pb.js";
import { CostSource, UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import type { Cost } from "../../src/domain/cost.ts";
import type { TokenCounts } from "../../src/domain/token-usage.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type HttpUpstream, startHttpUpstream } from "../support/http-upstream.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { type Answer, ask, type Mode } from "../support/targets.ts";
import { createUsageLines, type UsageLines } from "../support/usage-records.ts";
import { loadFixtures, type WireFixture } from "../support/wire-fixture.ts";

const fixtures = ["openai", "anthropic", "xai"]
  .flatMap(loadFixtures)
  .filter(({ expected }) => expected.golden !== undefined);

/** `openai/chat/usage-plain`: a stream and a whole answer. */
const cases = [...new Set(fixtures.map(({ name }) => name.replace(/-(stream|unary)\.http$/, "")))];

function fixtureOf(name: string, mode: Mode): WireFixture {
  const found = fixtures.find((each) => each.name === `${name}-${mode}.http`);
  if (found === undefined) throw new Error(`no fixture ${name}-${mode}`);
  return found;
}

let upstream: HttpUpstream;
let service: ServiceProcess;
let client: GrpcClient;
let lines: UsageLines;

beforeAll(async () => {
  lines = createUsageLines();
  // The prompt names the fixture.
  upstream = await startHttpUpstream(({ body, response }) => {
    const name = cases.find((each) => body.includes(`"${each}"`)) ?? "";
    const { stream = false } = JSON.parse(body) as { stream?: boolean };
    const fixture = fixtureOf(name, stream ? "stream" : "unary");
    response.writeHead(fixture.status, Object.fromEntries(fixture.headers)).end(fixture.body);
  });
  const instance = (id: string, type: string, more: object) => {
    return { id, type, base_url: upstream.baseUrl, api_key_env: "UP_KEY", ...more };
  };
  const prices = { currency: "USD", input: 0.2, output: 0.6, cache_read: 0.05, date: "2026-11-01" };
  service = await startService({
    config: JSON.stringify({
      providers: [
        instance("openai.chat", "openai", { api: "chat", builtin_models: true }),
        instance("openai.responses", "openai", { api: "responses", builtin_models: true }),
        instance("anthropic.messages", "anthropic", { builtin_models: true }),
        instance("xai.chat", "xai", { builtin_models: true }),
        instance("compatible", "openai", { api: "chat", done_optional: true }),
      ],
      models: [{ id: "m-own", provider: "compatible", prices }],
      accounting: { usage_file: lines.path },
    }),
    env: { UP_KEY: "secret-key" },
  });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
  await upstream[Symbol.asyncDispose]();
  lines[Symbol.dispose]();
});

/** The instance that answers with these fixtures, and the model that is asked for there. */
function modelOf(name: string): string {
  const [type = "", dialect = ""] = name.split("/");
  const instance = name.includes("/usage-compatible-") ? "compatible" : `${type}.${dialect}`;
  return `${instance}/${fixtureOf(name, "stream").expected.golden?.model}`;
}

async function answerOf(name: string, mode: Mode, stream = {}): Promise<Answer> {
  const answer = await ask(client, mode, { model: modelOf(name), prompt: name }, { stream });
  expect(answer.code, answer.message).toBe(0);
  return answer;
}

/** What a fixture's last report says. */
function countsOf({ expected }: WireFixture): TokenCounts {
  const last = expected.events.findLast((event) => event.type === "usage");
  if (last?.type !== "usage") throw new Error("a golden fixture without usage");
  return last.counts;
}

/** Unset and 0 apart, as the contract tells them. */
function reported(generation: Generation | undefined): TokenCounts {
  if (generation?.usage === undefined) throw new Error("a result without usage");
  const { $typeName: _, source, estimator, confidence, totalTokens, ...counts } = generation.usage;
  expect([source, estimator, confidence]).toEqual([UsageSource.PROVIDER, "", undefined]);
  expect(totalTokens).toBe(counts.inputTokens + counts.outputTokens);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
}

const SOURCES: Readonly<Record<Cost["source"], CostSource>> = {
  "price-table": CostSource.PRICE_TABLE,
  provider: CostSource.PROVIDER,
  mixed: CostSource.MIXED,
};

function checkCost(generation: Generation | undefined, cost: Partial<Cost>): void {
  const { source = "mixed", ...picos } = cost;
  const exact = Object.entries(picos).map(([name, value]) => [name, BigInt(value as number)]);
  const expected = { ...Object.fromEntries(exact), source: SOURCES[source], currencyCode: "USD" };
  expect(generation?.cost).toMatchObject(expected);
  expect(generation?.attempts[0]?.cost).toEqual(generation?.cost);
}

it("has every kind of answer of every provider, streamed and whole", () => {
  const kinds = ["plain", "cached", "reasoning", "tools"];
  const wanted = [
    ...["openai/chat", "openai/responses", "anthropic/messages", "xai/chat"].flatMap((dialect) =>
      kinds.map((kind) => `${dialect}/usage-${kind}`),
    ),
    ...kinds.map((kind) => `openai/chat/usage-compatible-${kind}`),
  ];
  expect(cases.toSorted()).toEqual(wanted.toSorted());
});

describe.each(cases)("%s", (name) => {
  it("A-15, A-17, A-19: has the same counts and the same cost in both modes, to the trillionth", async () => {
    const whole = await answerOf(name, "unary");
    const streamed = await answerOf(name, "stream", { includeUsage: true });
    const { golden } = fixtureOf(name, "stream").expected;
    expect(fixtureOf(name, "unary").expected.golden).toEqual(golden);
    for (const [mode, { generation }] of [
      ["unary", whole],
      ["stream", streamed],
    ] as const) {
      expect(reported(generation)).toEqual(countsOf(fixtureOf(name, mode)));
      checkCost(generation, golden?.cost ?? {});
      expect(generation?.totalUsage).toEqual(generation?.usage);
    }
    expect(streamed.generation?.usage).toEqual(whole.generation?.usage);
    // Exactly one, right before the end.
    const usages = streamed.events.filter(({ event }) => event.case === "usage");
    expect(usages).toEqual([streamed.events.at(-2)]);
    expect(usages[0]?.event.value).toMatchObject({
      final: true,
      usage: whole.generation?.usage,
      cost: { totalPicos: whole.generation?.cost?.totalPicos },
    });
    // The record of the attempt and that of the call say the same.
    const records = await lines.of(streamed.generation?.generationId ?? "");
    const priced = { cost_picos: golden?.cost.totalPicos, cost_source: golden?.cost.source };
    expect(records).toMatchObject([
      { type: "attempt", usage_source: "provider", ...priced },
      { type: "call", usage_source: "provider", ...priced },
    ]);
  });

  it("A-12: is asked for its usage, and a caller that did not ask sees no event of it", async () => {
    const { events, generation } = await answerOf(name, "stream");
    const sent = JSON.parse(upstream.seen.at(-1)?.body ?? "") as Record<string, unknown>;
    // The dialects that count only when they are asked to.
    if (name.includes("/chat/"))
      expect(sent["stream_options"]).toMatchObject({ include_usage: true });
    expect(events.filter(({ event }) => event.case === "usage")).toEqual([]);
    expect(reported(generation)).toEqual(countsOf(fixtureOf(name, "stream")));
  });
});

it("A-16: counts that come again and again replace those before", async () => {
  for (const name of ["openai/chat/usage-compatible-cached", "anthropic/messages/usage-cached"]) {
    const reports = fixtureOf(name, "stream").expected.events.filter(
      ({ type }) => type === "usage",
    );
    expect(reports.length, name).toBeGreaterThan(1);
    const { generation } = await answerOf(name, "stream");
    expect(reported(generation)).toEqual(countsOf(fixtureOf(name, "unary")));
  }
});
