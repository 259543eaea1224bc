// What an answer that was to come as a whole has cost, where the call ends before it.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { because } from "../support/explained-settings.ts";
import { eventually, type Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  requestsOf,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";
import { createUsageLines, type UsageLines } from "../support/usage-records.ts";

const { generate, streamGenerate } = GenerationService.method;
/** Per million, and so in trillionths a token: */
const PRICES = { "m-a": { input: 2, output: 10 }, "m-b": { input: 0.02, output: 0.1 } };
const IN = 2_000_000;
/** "user: Hi" is 2 tokens, and 4 for its message. */
const INPUT = 6;

let stack: Stack;
let lines: UsageLines;
beforeAll(async () => {
  lines = createUsageLines();
  const accounting = because("the counts are known without a vocabulary", {
    usage_file: lines.path,
    estimator: "character",
  });
  stack = await startTargets(
    { ...CALM, accounting },
    { STEER_PRICING_OVERRIDES_JSON: JSON.stringify(PRICES) },
  );
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  lines[Symbol.dispose]();
});

const silent = () => script({ tokens: 200, first_token_ms: 30_000 });

/** Reads a stream that ends with its reader. */
async function readAll(spec: SpecInit, signal: AbortSignal): Promise<void> {
  const stream = stack.client.stream(streamGenerate, { spec, options: { ephemeral: true } });
  signal.addEventListener("abort", () => stream.cancel());
  for await (const event of stream) expect(event.event.case).not.toBe("complete");
}

/** The records of a call that its caller leaves while the model is silent. */
async function left(test: string, fields: SpecInit, isStream = false) {
  const leaving = new AbortController();
  const { signal } = leaving;
  const spec = through({ a: silent() }, { ...fields, labels: { test } });
  const before = requestsOf(stack, "a").length;
  const ended = isStream
    ? readAll(spec, signal)
    : stack.client.unary(generate, { spec }, { signal });
  const error = ended.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await eventually(() => requestsOf(stack, "a").length > before);
  leaving.abort();
  expect(await error).toMatchObject({ code: 1 });
  const own = () =>
    lines.all().filter(({ labels }) => (labels as { test?: string } | undefined)?.test === test);
  await eventually(() => own().some(({ type }) => type === "call"));
  return own();
}

describe("field:M11 a whole answer that was cancelled", () => {
  it("costs its input at least, and its records say what it can have cost beside", async () => {
    const own = await left("limited", { sampling: { maxOutputTokens: 300 } });
    expect(own.map(({ type }) => type)).toEqual(["attempt", "call"]);
    for (const line of own) {
      expect(line).toMatchObject({
        input_tokens: INPUT,
        output_tokens: 0,
        unseen_output_tokens: 300,
        confidence: 0,
        cost_picos: INPUT * IN,
      });
    }
  });

  it("has a confidence of 0 and no bound where nobody knows one", async () => {
    for (const line of await left("unlimited", {})) {
      expect(line).toMatchObject({ output_tokens: 0, confidence: 0, cost_picos: INPUT * IN });
      expect(line).not.toHaveProperty("unseen_output_tokens");
    }
  });

  it("is told to the caller whose time it was", async () => {
    const timeouts = { total: { nanos: 300_000_000 } };
    const fields = { sampling: { maxOutputTokens: 300 }, timeouts };
    const { code, typed } = await ask(stack.client, "unary", through({ a: silent() }, fields));
    expect(code).toBe(4);
    expect(typed?.totalUsage).toMatchObject({ inputTokens: INPUT, outputTokens: 0, confidence: 0 });
    expect(typed?.cost?.totalPicos).toBe(BigInt(INPUT * IN));
  });
});

describe("field:M11 a whole answer whose connection is cut, and a fallback that answers", () => {
  it("the result names the attempt, the tokens and the money that no count has", async () => {
    const scripts = {
      a: script({ text: "one" }, { cut_after_bytes: 0 }),
      b: script({ text: "ok" }),
    };
    const fields: SpecInit = { sampling: { maxOutputTokens: 300 }, retry: { maxAttempts: 2 } };
    const spec = through(scripts, fields);
    const { generation } = await ask(stack.client, "unary", spec);
    const lost = generation?.attempts[0];
    expect(lost?.usage).toMatchObject({ inputTokens: INPUT, outputTokens: 0, confidence: 0 });
    expect(lost?.cost?.totalPicos).toBe(BigInt(INPUT * IN));
    expect(generation?.totalUsage).toMatchObject({ source: UsageSource.MIXED, confidence: 0 });
    // 300 × 10,000,000 trillionths.
    expect(generation?.warnings[0]).toMatchObject({
      reason: "USAGE_INCOMPLETE",
      message: expect.stringMatching(/attempt 1 .* up to 300 output tokens .* 3000000000 /),
    });
  });
});

describe("field:M11 borders", () => {
  it("a refused attempt has made nothing, and no warning", async () => {
    const scripts = {
      a: script({ text: "one" }, { status: 500 }),
      b: script({ text: "ok" }),
    };
    const { generation } = await ask(stack.client, "unary", through(scripts));
    expect(generation?.attempts[0]?.usage).toBeUndefined();
    expect(generation?.warnings).toEqual([]);
  });

  it("a stream that was left has its chunks as a bound, and nothing unseen", async () => {
    const fields = { sampling: { maxOutputTokens: 300 } };
    for (const line of await left("stream", fields, true)) {
      expect(line).not.toHaveProperty("unseen_output_tokens");
      expect(line["confidence"]).toBeGreaterThan(0);
    }
  });
});
