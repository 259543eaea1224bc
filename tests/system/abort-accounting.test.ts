import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortMode, MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
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

const { generate, streamGenerate, cancelGeneration, countTokens } = GenerationService.method;
/** Per million, and so in trillionths a token: */
const PRICES = { "m-a": { input: 2, output: 10 }, "m-b": { input: 0.02, output: 0.1 } };
const [IN, OUT] = [2_000_000n, 10_000_000n];
const DRAIN = { mode: AbortMode.DRAIN };

let stack: Stack;
let lines: UsageLines;

beforeAll(async () => {
  lines = createUsageLines();
  const accounting = because("its counts come after the end, and the records wait for them", {
    usage_file: lines.path,
    estimator: "tiktoken",
  });
  const hedge = because("each call may have a rival, however few calls there were", { share: 1 });
  const config = { ...CALM, hedge, accounting };
  stack = await startTargets(config, { STEER_PRICING_OVERRIDES_JSON: JSON.stringify(PRICES) });
  // The thread that counts is there, and no end of a call waits in vain for it.
  await stack.client.unary(countTokens, { spec: { model: "m-a", prompt: "Hi" } });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  lines[Symbol.dispose]();
});

interface Cancelled {
  readonly events: readonly StreamEvent[];
  readonly generationId: string;
  /** How many deltas were there when the cancel was answered. */
  readonly before: number;
}

/** Reads `deltas` of a stream and cancels it by name. */
async function cancelAfter(deltas: number, spec: SpecInit): Promise<Cancelled> {
  const events: StreamEvent[] = [];
  let [generationId, before, texts] = ["", -1, 0];
  const request = { spec, options: { includeUsage: true } };
  const sentBefore = stack.upstream.requests.length;
  try {
    for await (const event of stack.client.stream(streamGenerate, request)) {
      events.push(event);
      if (event.event.case === "start") ({ generationId } = event.event.value);
      if (event.event.case === "textDelta") texts++;
      if (texts < deltas || before >= 0) continue;
      await eventually(() => stack.upstream.requests.length > sentBefore);
      const first = events[0]?.event;
      const streamId = first?.case === "start" ? first.value.streamId : "";
      const target = { case: "streamId", value: streamId } as const;
      before = texts;
      expect(await stack.client.unary(cancelGeneration, { target })).toMatchObject({
        cancelled: true,
      });
    }
  } catch {
    // The status of a cancelled call.
  }
  return { events, generationId, before };
}

function endOf({ events }: Cancelled) {
  const last = events.at(-1)?.event;
  if (last?.case !== "error") throw new Error(`the stream ended with ${String(last?.case)}`);
  return last.value;
}

/** One record for each attempt and one for the call, which has their sum. */
async function recordsOf(generationId: string) {
  const own = await lines.of(generationId);
  const attempts = own.filter(({ type }) => type === "attempt");
  const calls = own.filter(({ type }) => type === "call");
  expect(calls).toHaveLength(1);
  const [call = {}] = calls;
  expect(attempts.map(({ attempt }) => attempt)).toEqual([
    ...new Set(attempts.map(({ attempt }) => attempt)),
  ]);
  for (const field of ["input_tokens", "output_tokens", "cost_picos"]) {
    const sum = attempts.reduce((total, line) => total + Number(line[field] ?? 0), 0);
    expect(Number(call[field] ?? 0)).toBe(sum);
  }
  return { attempts, call };
}

describe("a cancelled call", () => {
  it("A-8: is closed at once by default, and its estimated cost is reported as such", async () => {
    const spec = through({ a: script({ tokens: 200, pace_ms: 20 }) });
    const cancelled = await cancelAfter(3, spec);
    const { partial, error } = endOf(cancelled);
    await eventually(() => requestsOf(stack, "a").at(-1)?.closedAt !== undefined);
    expect(requestsOf(stack, "a").at(-1)?.sent).toBeLessThan(200);
    expect(partial?.usage?.source).toBe(UsageSource.ESTIMATED);
    const { inputTokens = 0, outputTokens = 0 } = partial?.usage ?? {};
    expect(outputTokens).toBeGreaterThan(0);
    expect(error?.cost?.totalPicos).toBe(BigInt(inputTokens) * IN + BigInt(outputTokens) * OUT);
    const { attempts, call } = await recordsOf(cancelled.generationId);
    const estimated = { usage_source: "estimated", estimator: "o200k_base" };
    expect(attempts).toMatchObject([{ ...estimated, outcome: "cancelled" }]);
    expect(call).toMatchObject(estimated);
  });

  it("A-8: before the first token as well: what was sent is estimated, and no output", async () => {
    const spec = through({ a: script({ tokens: 4, first_token_ms: 30_000 }) });
    const cancelled = await cancelAfter(0, spec);
    await eventually(() => requestsOf(stack, "a").at(-1)?.closedAt !== undefined);
    const { partial } = endOf(cancelled);
    expect(partial?.usage).toMatchObject({ source: UsageSource.ESTIMATED, outputTokens: 0 });
    expect(partial?.cost?.totalPicos).toBe(BigInt(partial?.usage?.inputTokens ?? 0) * IN);
    expect(partial?.cost?.totalPicos).toBeGreaterThan(0n);
    const { attempts, call } = await recordsOf(cancelled.generationId);
    expect(attempts).toMatchObject([{ outcome: "cancelled", usage_source: "estimated" }]);
    expect(call).toMatchObject({ outcome: "failed", error: "cancelled" });
  });

  it("A-14: with DRAIN is read on in silence, and ends with the provider's own counts", async () => {
    const spec = through({ a: script({ tokens: 40, pace_ms: 10 }) }, { abort: DRAIN });
    const cancelled = await cancelAfter(3, spec);
    const { partial, error } = endOf(cancelled);
    expect(requestsOf(stack, "a").at(-1)).toMatchObject({ sent: 40, closedAt: undefined });
    expect(error?.reason).toBe("CANCELLED_BY_CALLER");
    expect(partial?.usage).toMatchObject({
      inputTokens: 12,
      outputTokens: 40,
      source: UsageSource.PROVIDER,
    });
    expect(partial?.cost?.totalPicos).toBe(12n * IN + 40n * OUT);
    const usage = cancelled.events.at(-2)?.event;
    expect(usage).toMatchObject({
      case: "usage",
      value: { final: true, usage: { outputTokens: 40 } },
    });
    const texts = cancelled.events.filter(({ event }) => event.case === "textDelta").length;
    // What was on its way when the cancel was sent, and nothing of what came later.
    expect(texts).toBeLessThan(30);
    const { attempts, call } = await recordsOf(cancelled.generationId);
    expect(attempts).toMatchObject([
      { outcome: "cancelled", output_tokens: 40, usage_source: "provider" },
    ]);
    expect(call).toMatchObject({ outcome: "failed", error: "cancelled", caller: "local" });
  });

  it("A-14: with DRAIN before the first token as well", async () => {
    const spec = through({ a: script({ tokens: 4, first_token_ms: 300 }) }, { abort: DRAIN });
    const cancelled = await cancelAfter(0, spec);
    expect(endOf(cancelled).partial?.usage).toMatchObject({ inputTokens: 12, outputTokens: 4 });
    expect(cancelled.events.map(({ event }) => event.case)).toEqual(["start", "usage", "error"]);
    const { attempts } = await recordsOf(cancelled.generationId);
    expect(attempts).toMatchObject([{ outcome: "cancelled", output_tokens: 4 }]);
  });

  it("A-14: DRAIN ends at its bound of time", async () => {
    const abort = { ...DRAIN, maxTime: { seconds: 0n, nanos: 200_000_000 } };
    const spec = through({ a: script({ tokens: 2_000, pace_ms: 20 }) }, { abort });
    const { partial } = endOf(await cancelAfter(1, spec));
    expect(requestsOf(stack, "a").at(-1)?.sent).toBeLessThan(500);
    expect(partial?.usage?.source).toBe(UsageSource.ESTIMATED);
    expect(partial?.cost?.totalPicos).toBeGreaterThan(0n);
  });

  it("A-8: DRAIN ends at its bound of money, by one token a delta at least", async () => {
    // "word12 " is two tokens by the estimate (7 / 4 + 0.5), so ten tokens are five deltas.
    const abort = { ...DRAIN, maxCostPicos: 10n * OUT };
    const spec = through({ a: script({ tokens: 2_000, pace_ms: 20 }) }, { abort });
    const cancelled = await cancelAfter(1, spec);
    const texts = cancelled.events.filter(({ event }) => event.case === "textDelta").length;
    expect(endOf(cancelled).partial?.timing?.chunkCount).toBe(texts + 5);
  });

  it("A-8: with a bound of money and no price is closed at once", async () => {
    const abort = { ...DRAIN, maxCostPicos: 1n };
    const spec = through({ c: script({ tokens: 2_000, pace_ms: 20 }) }, { abort });
    const cancelled = await cancelAfter(1, spec);
    const texts = cancelled.events.filter(({ event }) => event.case === "textDelta").length;
    expect(endOf(cancelled).partial?.timing?.chunkCount).toBe(texts);
  });
});

const DEADLINE = { timeoutMs: 400 };
const EPHEMERAL = { ephemeral: true };
type Request = { readonly spec: SpecInit };
type Labels = Readonly<Record<string, string>>;

async function read(request: Request & { readonly options: object }): Promise<void> {
  for await (const _ of stack.client.stream(streamGenerate, request, DEADLINE));
}

describe("A-10: one record for each attempt and one for the call, whatever ends it:", () => {
  async function streamed(spec: SpecInit, timeoutMs?: number) {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const { events } = await ask(stack.client, "stream", spec, options);
    const start = events[0]?.event;
    const generationId = start?.case === "start" ? start.value.generationId : "";
    return recordsOf(generationId);
  }

  it("success", async () => {
    const { attempts, call } = await streamed(through({ a: script({ text: "one two three" }) }));
    // 12 × 2,000,000 + 3 × 10,000,000
    expect(attempts).toMatchObject([
      { outcome: "succeeded", input_tokens: 12, output_tokens: 3, cost_picos: 54_000_000 },
    ]);
    expect(call).toMatchObject({ outcome: "succeeded", finish_reason: "stop", attempts: 1 });
  });

  it("a total limit", async () => {
    const timeouts = { total: { seconds: 0n, nanos: 400_000_000 } };
    const spec = through({ a: script({ tokens: 2_000, pace_ms: 20 }) }, { timeouts });
    const { attempts, call } = await streamed(spec);
    expect(attempts).toMatchObject([{ outcome: "failed", usage_source: "estimated" }]);
    expect(Number(call["cost_picos"])).toBeGreaterThan(0);
    expect(call).toMatchObject({ outcome: "failed", error: "total-timeout" });
  });

  it.each([
    ["a unary call", (request: Request) => stack.client.unary(generate, request, DEADLINE)],
    ["an ephemeral stream", (request: Request) => read({ ...request, options: EPHEMERAL })],
    [
      "a stored stream whose reader was the last",
      (request: Request) =>
        read({ ...request, options: { onDisconnect: DisconnectPolicy.CANCEL } }),
    ],
  ])("a deadline of the caller's own: %s", async (name, call) => {
    const run = `deadline ${name}`;
    // A whole answer of this upstream comes after one wait.
    const slow = {
      tokens: 2_000,
      pace_ms: 20,
      first_token_ms: name === "a unary call" ? 9_000 : 0,
    };
    const spec = through({ a: script(slow) }, { labels: { run } });
    const error = await call({ spec }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 4 });
    const own = () =>
      lines.all().filter(({ labels }) => (labels as Labels | undefined)?.run === run);
    await eventually(() => own().some(({ type }) => type === "call"));
    const { attempts, call: record } = await recordsOf(String(own()[0]?.["generation_id"]));
    expect(attempts).toMatchObject([{ usage_source: "estimated", estimator: "o200k_base" }]);
    expect(Number(record["cost_picos"])).toBeGreaterThan(0);
    expect(record).toMatchObject({ outcome: "failed", labels: { run } });
    await eventually(() => requestsOf(stack, "a").at(-1)?.closedAt !== undefined);
  });

  it("A-11: an upstream that is cut, and an error inside the stream", async () => {
    for (const fault of [{ cut_after_bytes: 900 }, { error_at: 3 }]) {
      const { attempts, call } = await streamed(through({ a: script({ tokens: 50 }, fault) }));
      expect(attempts).toMatchObject([{ outcome: "failed", usage_source: "estimated" }]);
      expect(Number(call["cost_picos"])).toBeGreaterThan(0);
    }
  });

  it("A-13: a failover after a part of the output", async () => {
    const routing = { midStreamRecovery: MidStreamRecovery.RESTART };
    const scripts = { a: script({ tokens: 50 }, { error_at: 3 }), b: script({ text: "one two" }) };
    const { attempts } = await streamed(through(scripts, { routing, retry: { maxAttempts: 1 } }));
    expect(attempts).toMatchObject([
      { provider: "a", outcome: "failed", usage_source: "estimated" },
      // 12 × 20,000 + 2 × 100,000
      { provider: "b", outcome: "succeeded", usage_source: "provider", cost_picos: 440_000 },
    ]);
  });

  it("a rival that was faster: what the other one has used is estimated", async () => {
    const routing = { hedge: { delay: { seconds: 0n, nanos: 50_000_000 } } };
    const scripts = {
      a: script({ tokens: 5, first_token_ms: 20_000 }),
      b: script({ text: "one two" }),
    };
    const { attempts, call } = await streamed(through(scripts, { routing }));
    expect(attempts.toSorted((x, y) => Number(x["attempt"]) - Number(y["attempt"]))).toMatchObject([
      { provider: "a", outcome: "superseded", usage_source: "estimated", output_tokens: 0 },
      { provider: "b", outcome: "succeeded", usage_source: "provider", output_tokens: 2 },
    ]);
    expect(call).toMatchObject({ attempts: 2, usage_source: "mixed" });
  });

  it("a reader that leaves", async () => {
    const spec = through({ a: script({ tokens: 2_000, pace_ms: 20 }) });
    const request = { spec, options: { onDisconnect: DisconnectPolicy.CANCEL } };
    const call = stack.client.stream(streamGenerate, request);
    let generationId = "";
    try {
      for await (const { event } of call) {
        if (event.case === "start") ({ generationId } = event.value);
        if (event.case === "textDelta") call.cancel();
      }
    } catch {
      // Cancelled.
    }
    const { attempts, call: record } = await recordsOf(generationId);
    expect(attempts).toMatchObject([{ outcome: "cancelled", usage_source: "estimated" }]);
    expect(record).toMatchObject({ error: "cancelled" });
  });

  it("a budget that pays for nothing: a call without an attempt", async () => {
    const before = lines.all().length;
    const spec = through({ a: script({}) }, { budget: { maxCostPicos: 1n, currencyCode: "USD" } });
    await ask(stack.client, "unary", spec);
    await eventually(() => lines.all().length > before);
    expect(lines.all().slice(before)).toMatchObject([
      { type: "call", error: "budget", attempts: 0 },
    ]);
  });
});
