import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { FinishReason, type GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { ADAPTERS, type Adapter, type Stack, startStack } from "../support/stack.ts";
import type { UpstreamScript } from "../support/upstream/script.ts";

type SpecInit = MessageInitShape<typeof GenerationSpecSchema>;

const { generate, streamGenerate } = GenerationService.method;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

/** No test meets a cooldown or an open circuit that another one has left. */
beforeEach(() => resetCircuits(stack.client, ADAPTERS));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

/** Reasoning says the type of the provider, whose instances all read it. */
const TYPES: Readonly<Record<Adapter, string>> = {
  chat: "openai",
  responses: "openai",
  grok: "xai",
  claude: "anthropic",
};

/** The adapter is what is shown here: a failure is told, not mended by another attempt. */
function specFor(adapter: Adapter, script: UpstreamScript = {}, fields: SpecInit = {}): SpecInit {
  return {
    model: `m-${adapter}`,
    prompt: "What is the weather?",
    retry: ONE_ATTEMPT,
    providerOptions: { [adapter]: { simulator: script as never } },
    ...fields,
  };
}

/** Runs a stream to its end; `error` is what the call ended with. */
async function collect(spec: SpecInit, includeUsage = false) {
  const events: StreamEvent[] = [];
  let error: unknown;
  try {
    for await (const event of stack.client.stream(streamGenerate, {
      spec,
      options: { includeUsage },
    })) {
      events.push(event);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { events, error };
}

function textOf(events: readonly StreamEvent[]): string {
  return events.map(({ event }) => (event.case === "textDelta" ? event.value.text : "")).join("");
}

function completed(events: readonly StreamEvent[]) {
  const last = events.at(-1)?.event;
  if (last?.case !== "complete") throw new Error(`ended with ${last?.case}`);
  return last.value.generation;
}

const millis = (count: number) => ({ seconds: 0n, nanos: count * 1_000_000 });

/** A fault that names itself, so that attempts are counted for this call alone. */
let serial = 0;
function fault(fields: object): UpstreamScript {
  return { faults: [{ attempt: 1, headers: { "x-test": String(serial++) }, ...fields }] };
}

const weather = {
  kind: {
    case: "function" as const,
    value: { name: "weather", parametersJsonSchema: '{"type":"object"}' },
  },
};

describe.each(ADAPTERS)("adapter %s", (adapter) => {
  it("gives the same text and usage in both modes, with one request each", async () => {
    const before = stack.upstream.requests.length;
    const spec = specFor(adapter, { text: "Grüße aus 東京 🚀 heute" });
    const unary = await stack.client.unary(generate, { spec });
    const { events, error } = await collect(spec);
    expect(error).toBeUndefined();
    expect(stack.upstream.requests.length - before).toBe(2);
    expect(unary.generation?.outputText).toBe("Grüße aus 東京 🚀 heute");
    expect(textOf(events)).toBe("Grüße aus 東京 🚀 heute");
    const streamed = completed(events);
    expect(streamed?.usage).toEqual(unary.generation?.usage);
    expect(streamed?.usage).toMatchObject({
      inputTokens: 12,
      cacheReadTokens: 2,
      source: UsageSource.PROVIDER,
    });
    expect(streamed?.finishReason).toBe(FinishReason.STOP);
    expect(streamed?.providerModel).toBe(`m-${adapter}-2026`);
    // Sequences count from 1 without gaps, `start` first.
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]?.event.case).toBe("start");
  });

  it("emits one usage event right before the end where it is asked for, and asks the same upstream", async () => {
    const spec = specFor(adapter);
    const without = await collect(spec);
    const withUsage = await collect(spec, true);
    const cases = (events: readonly StreamEvent[]) => events.map(({ event }) => event.case);
    expect(cases(without.events)).not.toContain("usage");
    expect(cases(withUsage.events).filter((kind) => kind === "usage")).toHaveLength(1);
    expect(cases(withUsage.events).slice(-2)).toEqual(["usage", "complete"]);
    const [first, second] = stack.upstream.requests.slice(-2);
    expect(second?.body).toEqual(first?.body);
  });

  it.each(["unary", "stream"])("calls a named tool, %s", async (mode) => {
    const spec = specFor(
      adapter,
      {},
      {
        tools: [weather],
        toolChoice: { choice: { case: "functionName", value: "weather" } },
      },
    );
    const generation =
      mode === "unary"
        ? (await stack.client.unary(generate, { spec })).generation
        : completed((await collect(spec)).events);
    expect(generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
    expect(generation?.message?.parts.map(({ data }) => data)).toMatchObject([
      { case: "toolCall", value: { name: "weather", argumentsJson: '{"city":"Köln"}' } },
    ]);
  });

  it.each(["unary", "stream"])("gives JSON by a schema, %s", async (mode) => {
    const spec = specFor(
      adapter,
      { text: '{"n": 1}' },
      {
        outputFormat: {
          format: {
            case: "jsonSchema",
            value: { name: "r", schema: '{"type":"object","required":["n"]}' },
          },
        },
      },
    );
    const generation =
      mode === "unary"
        ? (await stack.client.unary(generate, { spec })).generation
        : completed((await collect(spec)).events);
    expect(generation?.outputJson).toBe('{"n": 1}');
    const sent = JSON.stringify(stack.upstream.requests.at(-1)?.body);
    expect(sent).toContain('"required":["n"]');
  });

  it("sends images as the wire has them", async () => {
    const spec = specFor(
      adapter,
      {},
      {
        prompt: "",
        messages: [
          {
            role: 2,
            parts: [
              { data: { case: "text", value: { text: "Look:" } } },
              {
                data: {
                  case: "image",
                  value: {
                    source: {
                      origin: { case: "inlineData", value: new Uint8Array([1, 2, 3]) },
                      mediaType: "image/png",
                    },
                  },
                },
              },
            ],
          },
        ],
      },
    );
    await stack.client.unary(generate, { spec });
    const sent = JSON.stringify(stack.upstream.requests.at(-1)?.body);
    expect(sent).toContain("AQID");
    expect(sent).toContain("image/png");
  });

  it.each(["unary", "stream"])("keeps reasoning apart from the answer, %s", async (mode) => {
    const spec = specFor(
      adapter,
      { reasoning: "Let me see.", text: "Rain." },
      { reasoning: { effort: 5, includeText: true } },
    );
    const generation =
      mode === "unary"
        ? (await stack.client.unary(generate, { spec })).generation
        : completed((await collect(spec)).events);
    expect(generation?.outputText).toBe("Rain.");
    expect(generation?.message?.parts[0]?.data).toMatchObject({
      case: "reasoning",
      value: { text: "Let me see.", provider: TYPES[adapter] },
    });
    expect(generation?.usage?.reasoningTokens).toBe(3);
    expect(generation?.usage?.outputTokens).toBe(4);
  });

  it.each(["unary", "stream"])(
    "answers a rate limit with the provider's hint, %s",
    async (mode) => {
      const script = fault({
        status: 429,
        headers: { "retry-after": "7", "x-test": String(serial++) },
        body: { error: { message: "slow down", type: "rate_limit_error" } },
      });
      const spec = specFor(adapter, script);
      const before = stack.upstream.requests.length;
      const error =
        mode === "unary"
          ? await stack.client.unary(generate, { spec }).catch((thrown: unknown) => thrown)
          : (await collect(spec)).error;
      expect(error).toMatchObject({ code: 8 });
      expect(
        (error as { metadata: { get(key: string): unknown[] } }).metadata.get(
          "grpc-retry-pushback-ms",
        ),
      ).toEqual(["7000"]);
      const typed = gatewayErrorOf(error);
      expect(typed).toMatchObject({
        category: ErrorCategory.RATE_LIMIT,
        reason: "PROVIDER_RATE_LIMIT",
        retryable: true,
        retryDelay: { seconds: 7n },
        attempts: [{ providerHttpStatus: 429 }],
      });
      expect(stack.upstream.requests.length - before).toBe(1);
    },
  );

  it.each([
    ["a connection that breaks", { cut_after_bytes: 1_500 }, ErrorCategory.NETWORK],
    ["an answer without its end marker", { omit_terminator: true }, ErrorCategory.TRUNCATED],
    ["a broken event", { malformed_at: 2 }, ErrorCategory.PROTOCOL],
  ])("A-20: %s is never a success", async (_name, fields, category) => {
    const { events, error } = await collect(specFor(adapter, fault(fields)));
    expect(error).toBeDefined();
    expect(gatewayErrorOf(error)?.category).toBe(category);
    const last = events.at(-1)?.event;
    expect(last?.case).toBe("error");
    if (last?.case !== "error") return;
    expect(last.value.error?.category).toBe(category);
    // What was delivered stays accounted for.
    expect(last.value.partial?.usage?.outputTokens).toBeGreaterThan(0);
  });

  it("A-21: an error inside an answer of HTTP 200 is classified", async () => {
    const { events, error } = await collect(specFor(adapter, fault({ error_at: 1 })));
    expect(gatewayErrorOf(error)).toMatchObject({
      category: ErrorCategory.SERVER_ERROR,
      reason: "PROVIDER_ERROR",
    });
    expect(events.at(-1)?.event.case).toBe("error");
  });

  it("A-35: an answer without content and without its end is no success", async () => {
    const script = { ...fault({ omit_terminator: true }), tokens: 0 };
    const { error } = await collect(specFor(adapter, script));
    expect(gatewayErrorOf(error)?.category).toBe(ErrorCategory.TRUNCATED);
  });

  it("A-30: the first token has a limit of its own", async () => {
    const script = fault({ stall_after_events: 0 });
    const { error } = await collect(
      specFor(adapter, script, { timeouts: { firstToken: millis(200) } }),
    );
    expect(gatewayErrorOf(error)).toMatchObject({
      category: ErrorCategory.FIRST_TOKEN_TIMEOUT,
      reason: "PROVIDER_TIMEOUT",
    });
  });

  it("A-31, A-36: silence inside the answer has another, and the total a third", async () => {
    const stalled = specFor(adapter, fault({ stall_after_events: 2 }), {
      timeouts: { idle: millis(250) },
    });
    expect(gatewayErrorOf((await collect(stalled)).error)?.category).toBe(
      ErrorCategory.IDLE_TIMEOUT,
    );
    // Paced beyond the first-token limit: streaming goes on.
    const paced = specFor(
      adapter,
      { tokens: 100, pace_ms: 40 },
      { timeouts: { firstToken: { seconds: 3n } } },
    );
    expect((await collect(paced)).error).toBeUndefined();
    const total = specFor(
      adapter,
      { tokens: 100, pace_ms: 40 },
      { timeouts: { total: millis(300) } },
    );
    const { error } = await collect(total);
    expect(error).toMatchObject({ code: 4 });
    expect(gatewayErrorOf(error)?.category).toBe(ErrorCategory.TOTAL_TIMEOUT);
  });
});

describe("refusals", () => {
  it.each(["chat", "responses"] as const)(
    "come whole with the end of their part from %s",
    async (adapter) => {
      const { events } = await collect(specFor(adapter, { refusal: "I will not." }));
      expect(textOf(events)).toBe("");
      const end = events.find(({ event }) => event.case === "partEnd")?.event;
      expect(end).toMatchObject({
        value: { part: { data: { case: "refusal", value: { text: "I will not." } } } },
      });
    },
  );

  it("are a finish reason at Anthropic", async () => {
    const { events } = await collect(specFor("claude", { refusal: "I will not." }));
    expect(completed(events)?.finishReason).toBe(FinishReason.REFUSAL);
  });
});
