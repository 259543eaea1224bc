// Limits of callers end to end: refusals, what is given back, and the doors' headers.
import { createHash } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallerRole, CallerService } from "../../gen/es/steer/admin/v1/callers_pb.js";
import { UsageScope, UsageService } from "../../gen/es/steer/admin/v1/usage_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { Stack } from "../support/stack.ts";
import { eventually } from "../support/stack.ts";
import {
  type Answer,
  ask,
  requestsOf,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const RESOURCE_EXHAUSTED = 8;
const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Each test has a caller of its own. */
const LIMITS = {
  three: { requests: "3/h" },
  repeats: { requests: "1/d" },
  one: { concurrency: 1 },
  gone: { concurrency: 1 },
  spender: { spend: { total: "USD 1.00" } },
  unpriced: { spend: { total: "USD 1.00" } },
  daring: { spend: { day: "USD 1" }, allow_unpriced: true },
  tokens: { tokens: "1000/d" },
  bounded: { max_output_tokens: 5, max_cost_per_call: "USD 0.20" },
  warned: { requests: "2/h", warn_at: 0.5 },
  narrow: {
    models: [
      { match: "m-*", requests: "1/h" },
      { match: "b/m-b", requests: "3/h" },
    ],
  },
  sdk: { requests: "2/m", tokens: "100000/m" },
  free: {},
} as const;
/** Callers of the group `team`, which may make three requests an hour together. */
const MEMBERS = ["anne", "bert"] as const;
type CallerId = keyof typeof LIMITS | (typeof MEMBERS)[number] | "plain" | "admin";

/** A token of output costs 0.01 at `a` and at `b`, and input nothing; `c` has no price. */
const PRICES = { "m-a": { input: 0, output: 10_000 }, "m-b": { input: 0, output: 10_000 } };
const SEVEN = "one two three four five six seven";

let stack: Stack;

beforeAll(async () => {
  const callers = [...Object.entries(LIMITS), ["plain", undefined] as const].map(
    ([id, limits]) => ({
      id,
      role: "caller",
      key_sha256: sha256(`key-of-${id}`),
      ...(limits !== undefined && { limits }),
    }),
  );
  const members = MEMBERS.map((id) => ({
    id,
    role: "caller",
    group: "team",
    key_sha256: sha256(`key-of-${id}`),
    limits: {},
  }));
  const admin = { id: "admin", role: "operator", key_sha256: sha256("key-of-admin") };
  const groups = [{ id: "team", limits: { requests: "3/h" } }];
  stack = await startTargets(
    { callers: [...callers, ...members, admin], groups },
    { STEER_PRICING_OVERRIDES_JSON: JSON.stringify(PRICES) },
  );
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const as = (caller: CallerId) => ({ metadata: { authorization: `Bearer key-of-${caller}` } });
const toA = (text = SEVEN, fields: SpecInit = {}) => through({ a: script({ text }) }, fields);
const call = (caller: CallerId, spec = toA(), mode: "unary" | "stream" = "unary") =>
  ask(stack.client, mode, spec, as(caller));

async function repeat(times: number, make: () => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let index = 0; index < times; index++) answers.push(await make());
  return answers;
}

describe("a limit of requests", () => {
  it("refuses the next call with the exact time, and sends nothing of it", async () => {
    const answers = await repeat(4, () => call("three"));
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, RESOURCE_EXHAUSTED]);
    const refused = answers[3];
    expect(refused?.typed).toMatchObject({ reason: "REQUESTS_LIMIT", retryable: true });
    expect(refused?.retryInfoMs).toBeGreaterThan(3_599_000);
    expect(refused?.retryInfoMs).toBeLessThanOrEqual(3_660_000);
    // A client is not to hold a call for an hour.
    expect(refused?.trailer("grpc-retry-pushback-ms")).toBe("-1");
    expect(requestsOf(stack, "a")).toHaveLength(3);
  });

  it("counts a repeated call once, and joins it behind the limit", async () => {
    const spec = toA();
    const { generate } = GenerationService.method;
    const request = { spec, requestId: "the-same" };
    const first = await stack.client.unary(generate, request, as("repeats"));
    const again = await stack.client.unary(generate, request, as("repeats"));
    expect(again.replayed).toBe(true);
    expect(again.generation?.generationId).toBe(first.generation?.generationId);
    expect((await call("repeats")).typed?.reason).toBe("REQUESTS_LIMIT");
  });

  it("holds for the models that it names", async () => {
    const toB = through({ b: script({ text: "one" }) });
    const reasons = [];
    for (const spec of [toA(), toA(), toB])
      reasons.push((await call("narrow", spec)).typed?.reason);
    expect(reasons).toEqual([undefined, "REQUESTS_LIMIT", "REQUESTS_LIMIT"]);
  });

  it("leaves callers without limits alone", async () => {
    expect((await repeat(5, () => call("plain"))).map(({ code }) => code)).toEqual(
      Array(5).fill(0),
    );
    expect((await call("free")).code).toBe(0);
  });

  it("warns from its share on, and tells the operator once", async () => {
    const { generation } = await call("warned");
    expect(generation?.warnings).toMatchObject([{ reason: "LIMIT_NEAR" }]);
    expect((await call("warned")).generation?.warnings).toHaveLength(1);
    const lines = () =>
      stack.service.log.filter(
        ({ event, caller }) => event === "limit near" && caller === "warned",
      );
    await eventually(() => lines().length > 0);
    expect(lines()).toMatchObject([{ used: 1 }]);
  });
});

describe("limits of a group", () => {
  it("are shared by its callers", async () => {
    const reasons = [];
    for (const caller of ["anne", "bert", "anne", "bert", "anne"] as const) {
      reasons.push((await call(caller)).typed?.reason ?? "");
    }
    expect(reasons).toEqual(["", "", "", "GROUP_REQUESTS_LIMIT", "GROUP_REQUESTS_LIMIT"]);
  });

  it("are those of the group in the sums of its callers' usage", async () => {
    expect((await call("plain")).code).toBe(0);
    const { queryUsage } = UsageService.method;
    const filters = [{ dimension: "caller", values: [...MEMBERS, "plain"] }];
    const groupBy = ["caller", "group"];
    const rows = async () => {
      const asked = { groupBy, filters, scope: UsageScope.ALL };
      return (await stack.client.unary(queryUsage, asked, as("admin"))).rows;
    };
    const groups = async () => (await rows()).map(({ group }) => group.join(" in ")).sort();
    const expected = ["anne in team", "bert in team", "plain in "];
    await eventually(async () => (await groups()).length === expected.length);
    expect(await groups()).toEqual(expected);
  });
});

it("limits of a caller that is made at run time hold at once, and so do lower ones", async () => {
  const { createCaller, createKey, updateCaller } = CallerService.method;
  const limits = (requests: bigint) => ({
    use: { requests: [{ amount: requests, window: durationFromMs(3_600_000) }] },
  });
  const made = { id: "made", role: CallerRole.CALLER, limits: limits(3n) };
  await stack.client.unary(createCaller, { caller: made }, as("admin"));
  const { secret } = await stack.client.unary(createKey, { caller: "made" }, as("admin"));
  const own = { metadata: { authorization: `Bearer ${secret}` } };
  const reasonOf = async () => (await ask(stack.client, "unary", toA(), own)).typed?.reason;
  expect([await reasonOf(), await reasonOf()]).toEqual([undefined, undefined]);
  await stack.client.unary(
    updateCaller,
    { caller: { ...made, limits: limits(2n) }, updateMask: { paths: ["limits"] } },
    as("admin"),
  );
  expect(await reasonOf()).toBe("REQUESTS_LIMIT");
});

describe("a limit of calls at a time", () => {
  it("holds while a stream runs, and no longer", async () => {
    const { streamGenerate } = GenerationService.method;
    const held = through({ a: script({ text: "one" }, { attempt: 1, held: true }) });
    const running = stack.client.stream(streamGenerate, { spec: held }, as("one"));
    const read = running[Symbol.asyncIterator]();
    await read.next();
    const refused = await call("one");
    expect(refused.typed?.reason).toBe("CONCURRENCY_LIMIT");
    expect(refused.trailer("grpc-retry-pushback-ms")).toBe("1000");
    stack.upstream.release(100);
    while (!(await read.next()).done);
    await eventually(async () => (await call("one")).code === 0);
  });

  it("ends with a generation whose caller has left", async () => {
    const { generate } = GenerationService.method;
    const leaving = new AbortController();
    const held = through({ a: script({ text: "one" }, { attempt: 1, held: true }) });
    const asked = requestsOf(stack, "a").length;
    const left = stack.client
      .unary(generate, { spec: held }, { ...as("gone"), signal: leaving.signal })
      .catch((error: unknown) => error);
    await eventually(() => requestsOf(stack, "a").length > asked);
    leaving.abort();
    await left;
    await eventually(async () => (await call("gone")).code === 0);
    stack.upstream.release(100);
  });
});

describe("a limit of spending", () => {
  it("lets 14 calls of 0.07 pass of 1.00, and refuses the 15th for ever", async () => {
    const spec = toA(SEVEN, { sampling: { maxOutputTokens: 7 } });
    const answers = await repeat(15, () => call("spender", spec));
    expect(answers.map(({ code }) => code)).toEqual([...Array(14).fill(0), RESOURCE_EXHAUSTED]);
    const refused = answers[14];
    expect(refused?.typed?.reason).toBe("SPEND_LIMIT");
    expect(refused?.retryInfoMs).toBeUndefined();
    expect(refused?.trailer("grpc-retry-pushback-ms")).toBe("-1");
  });

  it("sends a limit of the output where the request names none", async () => {
    const first = await call("daring", through({ c: script({ text: "one" }) }));
    expect(first.generation?.warnings).toMatchObject([
      { reason: "CALLER_LIMIT_APPLIED", field: "sampling.max_output_tokens" },
    ]);
    expect(JSON.stringify(requestsOf(stack, "c").at(-1))).toContain("4096");
  });

  it("refuses models of unknown price, unless the caller may use them", async () => {
    const refused = await call("unpriced", through({ c: script({ text: "one" }) }));
    expect(refused).toMatchObject({
      code: RESOURCE_EXHAUSTED,
      typed: { reason: "MODEL_UNPRICED" },
    });
  });
});

it("a limit of tokens gives back at once what was reserved and not used", async () => {
  const spec = toA("one two", { sampling: { maxOutputTokens: 900 } });
  const answers = await repeat(4, () => call("tokens", spec));
  // The upstream says 12 in and 2 out: 14 of the 906 that were reserved.
  expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const large = await call("tokens", toA("one", { sampling: { maxOutputTokens: 990 } }));
  expect(large.typed?.reason).toBe("TOKENS_LIMIT");
});

it("bounds of each call lower its output and its cost, and say so", async () => {
  const { generation } = await call("bounded", toA(SEVEN, { sampling: { maxOutputTokens: 50 } }));
  expect(generation?.warnings.map(({ reason, field }) => [reason, field])).toEqual([
    ["CALLER_LIMIT_APPLIED", "sampling.max_output_tokens"],
    ["CALLER_LIMIT_APPLIED", "budget.max_cost_picos"],
  ]);
  expect(requestsOf(stack, "a").at(-1)?.body).toMatchObject({ max_tokens: 5 });
});

it("doors say in the vendors' headers how the limits stand, and refuse in their words", async () => {
  const baseURL = `${stack.service.http}/v1`;
  const openai = new OpenAI({ baseURL, apiKey: "key-of-sdk", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "hi" }];
  const asked = { model: "m-a", max_completion_tokens: 20, messages };
  const { response } = await openai.chat.completions.create(asked).withResponse();
  const header = (name: string) => response.headers.get(`x-ratelimit-${name}`);
  expect([header("limit-requests"), header("remaining-requests")]).toEqual(["2", "1"]);
  expect(header("reset-requests")).toMatch(/^(59s|1m[01]s)$/);
  expect(Number(header("remaining-tokens"))).toBeGreaterThan(99_000);
  const anthropic = new Anthropic({
    baseURL: stack.service.http,
    apiKey: "key-of-sdk",
    maxRetries: 0,
  });
  const message = { model: "m-a", max_tokens: 20, messages };
  const second = await anthropic.messages.create(message).withResponse();
  expect(second.response.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
  expect(second.response.headers.get("anthropic-ratelimit-requests-reset")).toMatch(/^20.*T.*Z$/);
  const refused = openai.chat.completions.create(asked);
  await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  await expect(refused).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  const { headers } = await refused.catch((error) => error);
  expect(headers.get("x-ratelimit-remaining-requests")).toBe("0");
  expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
  await expect(anthropic.messages.create(message)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
});
