import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent, StreamOptionsSchema } from "../../gen/es/steer/v1/stream_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { slowestHealth } from "../support/slowest-health.ts";
import { type Stack, startStack } from "../support/stack.ts";
import type { UpstreamScript } from "../support/upstream/script.ts";
import { COUNTED_TOKENS } from "../support/upstream.ts";

const { streamGenerate, countTokens } = GenerationService.method;
/** A model per adapter; that of `chat` has a published vocabulary. */
const MODELS = { chat: "gpt-4o", responses: "m-responses", claude: "m-claude", grok: "m-grok" };
const ADAPTERS = Object.keys(MODELS) as (keyof typeof MODELS)[];
const METHOD = { estimate: 1, provider: 2 } as const;

function configuration(url: string): string {
  return `
providers:
  - {id: chat, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY}
  - {id: responses, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY, api: responses}
  - {id: claude, type: anthropic, base_url: "${url}", api_key_env: UP_KEY}
  - {id: grok, type: xai, base_url: "${url}/xai/v1", api_key_env: UP_KEY}
models:
${ADAPTERS.map((adapter) => `  - {id: ${MODELS[adapter]}, provider: ${adapter}, capabilities: [generate, stream, image-input]}`).join("\n")}
`;
}

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({}, configuration);
});
beforeEach(() => resetCircuits(stack.client, ADAPTERS));
afterAll(() => stack[Symbol.asyncDispose]());

async function collect(
  adapter: keyof typeof MODELS,
  script: UpstreamScript,
  options: MessageInitShape<typeof StreamOptionsSchema> = {},
) {
  const events: StreamEvent[] = [];
  const spec = {
    model: MODELS[adapter],
    prompt: "What is the weather?",
    retry: ONE_ATTEMPT,
    providerOptions: { [adapter]: { simulator: script as never } },
  };
  const ended = (async () => {
    for await (const event of stack.client.stream(streamGenerate, { spec, options })) {
      events.push(event);
    }
  })();
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const last = events.at(-1)?.event;
  const result = last?.case === "complete" ? last.value.generation : undefined;
  const partial = last?.case === "error" ? last.value.partial : undefined;
  return { events, error, result: result ?? partial };
}

function usages(events: readonly StreamEvent[]) {
  return events.flatMap(({ event }) => (event.case === "usage" ? [event.value] : []));
}

/** A fault that names itself, so that attempts are counted for this call alone. */
let serial = 0;
function errorAt(position: number) {
  return [{ attempt: 1, error_at: position, headers: { "x-test": String(serial++) } }];
}

describe("CountTokens", () => {
  it("asks the provider's counter where there is one, with the request as it would be sent", async () => {
    const before = stack.upstream.requests.length;
    const count = await stack.client.unary(countTokens, {
      spec: { model: "m-claude", prompt: "Hi", sampling: { maxOutputTokens: 9 } },
    });
    expect(count).toMatchObject({
      inputTokens: COUNTED_TOKENS,
      source: UsageSource.PROVIDER,
      estimator: "",
    });
    expect(count.confidence).toBeUndefined();
    const [request, ...others] = stack.upstream.requests.slice(before);
    expect(others).toEqual([]);
    expect(request?.path).toBe("/v1/messages/count_tokens");
    expect(request?.body).toEqual({
      model: "m-claude",
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    });
  });

  it("estimates without a call where that is asked for", async () => {
    const before = stack.upstream.requests.length;
    const spec = { model: "m-claude", prompt: "Hello, world, and all." };
    const count = await stack.client.unary(countTokens, { spec, method: METHOD.estimate });
    expect(count).toMatchObject({ source: UsageSource.ESTIMATED, estimator: "script-v1" });
    expect(stack.upstream.requests).toHaveLength(before);
  });

  it("PROVIDER is a typed error where there is no counter, or where it fails", async () => {
    const none = await stack.client
      .unary(countTokens, { spec: { model: "m-grok", prompt: "Hi" }, method: METHOD.provider })
      .catch((error: unknown) => error);
    expect(none).toMatchObject({ code: 9 });
    expect(gatewayErrorOf(none)?.reason).toBe("PROVIDER_COUNT_UNAVAILABLE");
    stack.upstream.outages.set("m-claude", { attempt: 1, status: 500 });
    const spec = { model: "m-claude", prompt: "Hi" };
    const failed = await stack.client
      .unary(countTokens, { spec, method: METHOD.provider })
      .catch((error: unknown) => error);
    const instead = await stack.client.unary(countTokens, { spec });
    stack.upstream.outages.clear();
    expect(gatewayErrorOf(failed)?.category).toBe(ErrorCategory.SERVER_ERROR);
    expect(instead).toMatchObject({ source: UsageSource.ESTIMATED, estimator: "script-v1" });
  });

  it("counts by the model's vocabulary; a prompt is one message of the user", async () => {
    const prompt = await stack.client.unary(countTokens, {
      spec: { model: "gpt-4o", prompt: "Hello world" },
    });
    const content = [{ data: { case: "text" as const, value: { text: "Hello world" } } }];
    const messages = await stack.client.unary(countTokens, {
      spec: { model: "gpt-4o", messages: [{ role: 2, parts: content }] },
    });
    // `user: Hello world` is four tokens, and a message costs four.
    expect(prompt).toMatchObject({ inputTokens: 8, estimator: "o200k_base", confidence: 0.95 });
    expect(messages).toEqual(prompt);
    // An image is not counted, and the answer says so.
    const uri = { case: "uri" as const, value: "https://example.com/a.png" };
    const image = { data: { case: "image" as const, value: { source: { origin: uri } } } };
    const seen = await stack.client.unary(countTokens, {
      spec: { model: "gpt-4o", messages: [{ role: 2, parts: [...content, image] }] },
    });
    expect(seen).toEqual({ ...prompt, confidence: 0 });
  });

  const hostile: readonly (readonly [string, string])[] = [
    ["one letter", "a".repeat(1_000_000)],
    ["spaces", " ".repeat(1_000_000)],
    ["emoji", "🚀".repeat(250_000)],
    ["CJK", "水".repeat(330_000)],
  ];

  it.each(hostile)("A-9: a megabyte of %s is counted while health answers", async (_, prompt) => {
    const spec = { model: "gpt-4o", prompt };
    const count = stack.client.unary(countTokens, { spec });
    const { slowest, answers } = await slowestHealth(stack.client, count);
    expect((await count).estimator).toBe("o200k_base");
    expect((await count).inputTokens).toBeGreaterThan(1_000);
    expect(answers).toBeGreaterThan(0);
    expect(slowest).toBeLessThan(5_000);
  });

  it.each(hostile)("A-9, A-11: so is a broken stream of %s, and its end comes", async (_, text) => {
    // The upstream sends it in one piece, then something else, then an error.
    const script = { text: `x${text}x end`, faults: errorAt(1) };
    const stream = collect("chat", script, { includeUsage: true });
    const { slowest } = await slowestHealth(stack.client, stream);
    const { error, result, events } = await stream;
    expect(error).toBeDefined();
    expect(result?.usage?.source).toBe(UsageSource.ESTIMATED);
    expect(result?.usage?.confidence).toBeGreaterThan(0);
    expect(usages(events)).toMatchObject([{ final: true, usage: result?.usage }]);
    expect(slowest).toBeLessThan(5_000);
  });
});

describe.each(ADAPTERS)("usage of %s", (adapter) => {
  const text = "Every wave carries a word of it: café, 東京, 🚀 and more";

  it("interim events only where they are asked for, then the final one", async () => {
    const without = await collect(adapter, { text });
    const both = await collect(
      adapter,
      { text },
      { includeUsage: true, includeUsageUpdates: true },
    );
    expect(usages(without.events)).toEqual([]);
    const all = usages(both.events);
    const [first] = all;
    expect(all.map(({ final }) => final)).toEqual([...all.slice(1).map(() => false), true]);
    expect(all.length).toBeGreaterThan(1);
    expect(first?.usage?.source).not.toBe(UsageSource.PROVIDER);
    expect(all.at(-1)?.usage).toEqual(both.result?.usage);
    expect(both.result?.usage?.source).toBe(UsageSource.PROVIDER);
    expect(both.events.at(-2)?.event.case).toBe("usage");
  });

  it("A-10, A-11: a cut stream has one usage, per attempt and in total, marked as estimated", async () => {
    const script = { text, faults: errorAt(3) };
    const { result, error } = await collect(adapter, script);
    expect(error).toBeDefined();
    const source = adapter === "claude" ? UsageSource.MIXED : UsageSource.ESTIMATED;
    expect(result?.usage).toMatchObject({ source });
    expect(result?.usage?.estimator).not.toBe("");
    expect(result?.usage?.outputTokens).toBeGreaterThan(0);
    expect(result?.attempts.map(({ usage }) => usage)).toEqual([result?.usage]);
    expect(result?.totalUsage).toEqual(result?.usage);
  });

  it.each([
    ["whole", () => []],
    ["cut", () => errorAt(3)],
  ])(
    "counts the chunks and characters of a %s stream as they were sent and received",
    async (_, faults) => {
      const { events, result } = await collect(adapter, { text, faults: faults() });
      const deltas = events.flatMap(({ event }) =>
        event.case === "textDelta" ? [event.value.text] : [],
      );
      const { timing } = result ?? {};
      expect(timing?.chunkCount).toBe(deltas.length);
      expect(timing?.chunkCount).toBe(stack.upstream.requests.at(-1)?.sent);
      expect(Number(timing?.characterCount)).toBe(Array.from(deltas.join("")).length);
      expect(timing?.stallCount).toBe(0);
    },
  );
});

it("interim counts rise, and come at most once a second", async () => {
  const script = { tokens: 8, pace_ms: 300 };
  const { events } = await collect("claude", script, { includeUsageUpdates: true });
  const all = usages(events);
  // Seven gaps are 2.1 s: one at once, and two more at the most.
  expect(all.length).toBeGreaterThan(1);
  expect(all.length).toBeLessThan(5);
  const counts = all.map(({ usage }) => usage?.outputTokens ?? 0);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(all.every(({ usage, final }) => usage?.inputTokens === 12 && !final)).toBe(true);
});
