import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../gen/es/steer/v1/content_pb.js";
import { AttemptOutcome, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { FinishReason, InvalidOutputAction } from "../../gen/es/steer/v1/generation_pb.js";
import { CostSource } from "../../gen/es/steer/v1/usage_pb.js";
import { because } from "../support/explained-settings.ts";
import type { Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  requestsOf,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const MODES = ["unary", "stream"] as const;
/** Per million: 2 and 10 at `a`, a hundredth at `b`; `c` has no price. In trillionths a token: */
const A = { input: 2_000_000n, output: 10_000_000n };
const PRICES = {
  "m-a": { input: 2, output: 10 },
  "m-b": { input: 0.02, output: 0.1 },
  simulator: { input: 0, output: 1 },
};
/** "user: Hi" is 8 / 4 + 4 for its message = 6 tokens by the character estimate, which learns nothing. */
const INPUT = 6n;

let stack: Stack;

beforeAll(async () => {
  const config = {
    ...CALM,
    accounting: because("its counts are known without a vocabulary", { estimator: "character" }),
  };
  stack = await startTargets(config, { STEER_PRICING_OVERRIDES_JSON: JSON.stringify(PRICES) });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function budget(maxCostPicos: bigint, fields: SpecInit = {}): SpecInit {
  return { ...fields, budget: { maxCostPicos, currencyCode: "USD" } };
}

describe.each(MODES)("%s: the cost of a call", (mode) => {
  it("is that of the counts that the provider reported, under the table's version", async () => {
    const spec = through({ a: script({ text: "one two three" }) });
    const { generation } = await ask(stack.client, mode, spec);
    // The upstream says 12 in, of which 2 cached at the price of input, and 3 out:
    // 12 × 2,000,000 + 3 × 10,000,000 = 54,000,000
    expect(generation?.cost).toMatchObject({
      currencyCode: "USD",
      totalPicos: 54_000_000n,
      inputPicos: 20_000_000n,
      cacheReadPicos: 4_000_000n,
      outputPicos: 30_000_000n,
      source: CostSource.PRICE_TABLE,
    });
    expect(generation?.cost?.priceTableVersion).toMatch(/^overrides-/);
    expect(generation?.attempts[0]?.cost).toEqual(generation?.cost);
  });

  it("is unset where the price is unknown", async () => {
    const { generation } = await ask(stack.client, mode, through({ c: script({ text: "one" }) }));
    expect(generation?.usage?.inputTokens).toBe(12);
    expect(generation?.cost).toBeUndefined();
  });

  it("A-13: has the attempts that failed after they were paid for, and none that was refused", async () => {
    const scripts = {
      a: script(
        { text: "one two" },
        { attempt: 1, status: 500 },
        { attempt: 2, cut_after_bytes: 40 },
      ),
      b: script({ text: "one two three" }),
    };
    const { generation } = await ask(stack.client, mode, through(scripts));
    const costs = generation?.attempts.map(({ cost }) => cost?.totalPicos);
    // Refused with 500: nothing. Cut before its content: 6 × 2,000,000. Then 12 × 20,000 + 3 × 100,000.
    expect(costs).toEqual([undefined, INPUT * A.input, 540_000n]);
    expect(generation?.cost?.totalPicos).toBe(INPUT * A.input + 540_000n);
  });
});

describe.each(MODES)("%s: a budget", (mode) => {
  it("that pays for all that is asked for changes nothing", async () => {
    const fields = budget(INPUT * A.input + 7n * A.output, { sampling: { maxOutputTokens: 7 } });
    const { generation } = await ask(stack.client, mode, through({ a: script({}) }, fields));
    expect(requestsOf(stack, "a").at(-1)?.body["max_tokens"]).toBe(7);
    expect(generation?.finishReason).toBe(FinishReason.STOP);
  });

  it("lowers the output limit to what the rest buys, to the token", async () => {
    // 6 × 2,000,000 + 6 × 10,000,000 + 9,999,999: six tokens of output, and not seven.
    const fields = budget(INPUT * A.input + 6n * A.output + A.output - 1n, {
      sampling: { maxOutputTokens: 7 },
    });
    await ask(stack.client, mode, through({ a: script({}) }, fields));
    expect(requestsOf(stack, "a").at(-1)?.body["max_tokens"]).toBe(6);
  });

  it("passes over a target whose input and one token it does not pay for", async () => {
    const scripts = { a: script({ text: "never" }), b: script({ text: "one" }) };
    const before = requestsOf(stack, "a").length;
    const fields = budget(INPUT * A.input + A.output - 1n);
    const { generation } = await ask(stack.client, mode, through(scripts, fields));
    expect(generation?.attempts).toMatchObject([
      { provider: "a", outcome: AttemptOutcome.SKIPPED, errorCategory: ErrorCategory.BUDGET },
      { provider: "b", outcome: AttemptOutcome.SUCCEEDED },
    ]);
    expect(requestsOf(stack, "a").length).toBe(before);
  });

  it("that pays for no target is REQUEST_BUDGET, and nothing is sent", async () => {
    const before = stack.upstream.requests.length;
    const spec = through({ a: script({}), c: script({}) }, budget(INPUT * A.input + A.output - 1n));
    const { code, typed, message, trailer } = await ask(stack.client, mode, spec);
    expect(code).toBe(8);
    expect(typed).toMatchObject({ category: ErrorCategory.BUDGET, reason: "REQUEST_BUDGET" });
    expect(typed?.attempts).toMatchObject([
      { provider: "a", outcome: AttemptOutcome.SKIPPED },
      { provider: "c", outcome: AttemptOutcome.SKIPPED, errorCategory: ErrorCategory.BUDGET },
    ]);
    expect(typed?.attempts[1]?.errorMessage).toContain("its price is unknown");
    expect(message).toContain("spec.budget");
    expect(trailer("grpc-retry-pushback-ms")).toBe("-1");
    expect(stack.upstream.requests.length).toBe(before);
  });

  it("pays for the attempts that were made already, and ends the call when it is used up", async () => {
    // The first attempt is cut before its content and costs its input: what is left pays for no other.
    const fields = budget(2n * INPUT * A.input + A.output - 1n);
    const scripts = { a: script({ text: "one" }, { cut_after_bytes: 40 }) };
    const before = requestsOf(stack, "a").length;
    const { code, typed } = await ask(stack.client, mode, through(scripts, fields));
    expect(requestsOf(stack, "a").length).toBe(before + 1);
    expect([code, typed?.category]).toEqual([8, ErrorCategory.BUDGET]);
    expect(typed?.attempts).toMatchObject([
      { outcome: AttemptOutcome.FAILED },
      { outcome: AttemptOutcome.SKIPPED, errorCategory: ErrorCategory.BUDGET },
    ]);
    expect(typed?.cost?.totalPicos).toBe(INPUT * A.input);
  });

  it("pays for a repair with all that is asked in it, or for none", async () => {
    const json = { case: "jsonObject", value: { onInvalid: InvalidOutputAction.RETRY } } as const;
    // The first attempt: 12 in and 2 out. The plain request once more, and not what a repair adds to it.
    const rest = 12n * A.input + 2n * A.output + INPUT * A.input + A.output;
    const fields = budget(rest, { outputFormat: { format: json } });
    const before = requestsOf(stack, "a").length;
    const spec = through({ a: script({ text: "no JSON" }) }, fields);
    const { code, typed } = await ask(stack.client, mode, spec, { acceptsDiscard: true });
    expect([code, typed?.category]).toEqual([8, ErrorCategory.BUDGET]);
    expect(typed?.attempts).toMatchObject([
      { outcome: AttemptOutcome.FAILED, errorCategory: ErrorCategory.INVALID_OUTPUT },
      { outcome: AttemptOutcome.SKIPPED, errorCategory: ErrorCategory.BUDGET },
    ]);
    expect(requestsOf(stack, "a").length).toBe(before + 1);
  });

  it("pays for no images: their tokens are known once they are sent", async () => {
    const uri = "https://example.com/a.png";
    const image = { source: { origin: { case: "uri" as const, value: uri } } };
    const messages = [
      { role: Role.USER, parts: [{ data: { case: "image" as const, value: image } }] },
    ];
    const spec = through({ a: script({}) }, { ...budget(10n ** 12n), messages, prompt: "" });
    const { typed } = await ask(stack.client, mode, spec);
    expect(typed).toMatchObject({ category: ErrorCategory.BUDGET, reason: "REQUEST_BUDGET" });
    expect(typed?.attempts[0]?.errorMessage).toContain("images and files");
  });

  it("in a currency that no price has is INVALID_ARGUMENT", async () => {
    const fields: SpecInit = { budget: { maxCostPicos: 1n, currencyCode: "EUR" } };
    const { code, message } = await ask(stack.client, mode, through({ a: script({}) }, fields));
    expect([code, message]).toEqual([3, "spec.budget.currency_code: prices are in USD"]);
  });

  it("is what FINISH_REASON_BUDGET names, where it has ended the output", async () => {
    // The simulator ends at its limit: 3 tokens at 1 each, the input is free.
    const fields = budget(3_000_000n, { model: "simulator", prompt: "Hi" });
    const { generation } = await ask(stack.client, mode, fields);
    expect(generation?.finishReason).toBe(FinishReason.BUDGET);
    expect(generation?.cost?.totalPicos).toBe(3_000_000n);
    const own = { ...fields, sampling: { maxOutputTokens: 2 } };
    const { generation: asked } = await ask(stack.client, mode, own);
    expect(asked?.finishReason).toBe(FinishReason.MAX_TOKENS);
  });
});

it("interim counts come with the cost of all attempts so far", async () => {
  const cut = { attempt: 1, cut_after_bytes: 40 };
  const spec = through({ a: script({ text: "one two three" }, cut) });
  const stream = { includeUsage: true, includeUsageUpdates: true };
  const { events, generation } = await ask(stack.client, "stream", spec, { stream });
  const updates = events.flatMap(({ event }) => (event.case === "usage" ? [event.value] : []));
  expect(updates.map(({ final }) => final)).toEqual([false, true]);
  const { usage, cost } = updates[0] ?? {};
  const running =
    BigInt(usage?.inputTokens ?? 0) * A.input + BigInt(usage?.outputTokens ?? 0) * A.output;
  expect(running).toBeGreaterThan(0n);
  expect(cost?.totalPicos).toBe(INPUT * A.input + running);
  expect(updates[1]?.cost).toEqual(generation?.cost);
});
