// What Steer says of tokens that no provider has reported.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { MODES } from "../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { chatStream, chatWhole } from "../support/wire-answers.ts";

let stack: FieldStack;
beforeAll(async () => {
  stack = await startFieldStack(
    ["chat"],
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1", done_optional: true}
models:
  - {id: m, provider: chat}
  - {id: gpt-4o, provider: chat}
  - {id: learned-unary, provider: chat}
  - {id: learned-stream, provider: chat}
  - {id: reported, provider: chat}
`,
  );
});
afterAll(() => stack[Symbol.asyncDispose]());

const chat =
  (message: object, usage?: object): Answer =>
  ({ stream }) =>
    stream === true ? chatStream(message, "stop", usage) : chatWhole(message, "stop", usage);

/** An answer in these pieces, and no counts. */
function unmetered(...deltas: readonly object[]): Answer {
  return ({ stream }) => {
    if (stream !== true) {
      const { body } = chatWhole(deltas[0] ?? {});
      return { body: { ...(body as object), usage: undefined } };
    }
    const chunk = (delta: object, end: string | null) => ({
      id: "c1",
      choices: [{ index: 0, delta, finish_reason: end }],
    });
    const events = [...deltas.map((delta) => chunk(delta, null)), chunk({}, "stop")];
    return { body: events.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("") };
  };
}

const call = (args: string) => ({
  tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "f", arguments: args } }],
});

describe.each(MODES)("field:M9 %s: what was delivered is a token at least", (mode) => {
  it.each<[string, object]>([
    ["a short text", { content: "hi" }],
    ["one letter", { content: "a" }],
    ["a blank", { content: " " }],
    ["a tool call", call("")],
    ["a refusal", { refusal: "n" }],
  ])("%s", async (_, message) => {
    for (const model of ["m", "gpt-4o"]) {
      await stack.script({ chat: unmetered(message) });
      const { generation, error } = await stack.call(mode, { model, prompt: "hi" });
      expect(error).toBeUndefined();
      expect(generation?.usage?.source).toBe(UsageSource.ESTIMATED);
      expect(generation?.usage?.outputTokens).toBeGreaterThanOrEqual(1);
    }
  });
});

it("field:M9 the chunks of a stream are a lower bound of its tokens", async () => {
  for (const model of ["m", "gpt-4o"]) {
    const letters = Array.from("abcdefghijkl", (content) => ({ content }));
    await stack.script({ chat: unmetered(...letters) });
    const { generation } = await stack.call("stream", { model, prompt: "hi" });
    expect(generation?.usage?.outputTokens).toBe(12);
    // An empty delta holds nothing.
    await stack.script({ chat: unmetered({ content: "" }, { content: "a" }, { content: "" }) });
    const { generation: short } = await stack.call("stream", { model, prompt: "hi" });
    expect(short?.usage?.outputTokens).toBe(1);
  }
});

it("field:M9 a count that the provider reports stays as it is, below the chunks too", async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 0, total_tokens: 10 };
  await stack.script({ chat: chat({ content: "hi" }, usage) });
  const { generation } = await stack.call("stream", { model: "reported", prompt: "hi" });
  expect(generation?.usage).toMatchObject({ outputTokens: 0, source: UsageSource.PROVIDER });
});

describe.each(MODES)("field:M10 %s: a template beside each prompt", (mode) => {
  it("is learned as an offset: neither a long prompt nor an answer is scaled by it", async () => {
    const model = `learned-${mode}`;
    const prompt = "The keeper of the light counts the boats that come home. ".repeat(50);
    const answer = "Ten words of an answer that nobody has counted here.";
    const count = async (): Promise<number> => {
      const spec = { model, prompt };
      const { countTokens } = GenerationService.method;
      return (await stack.grpc.unary(countTokens, { spec, method: 1 })).inputTokens;
    };
    const answerTokens = async (): Promise<number | undefined> => {
      await stack.script({ chat: unmetered({ content: answer }) });
      const { generation } = await stack.call(mode, { model, prompt });
      return generation?.usage?.outputTokens;
    };
    const [plain, plainAnswer] = [await count(), await answerTokens()];
    let calls = 0;
    for (const most of [5, 20, 40, 120]) {
      for (; calls < most; calls++) {
        const promptTokens = 34 + (calls % 7);
        const usage = {
          prompt_tokens: promptTokens,
          completion_tokens: 9,
          total_tokens: promptTokens + 9,
        };
        await stack.script({ chat: chat({ content: "Yes, that is what I say." }, usage) });
        await stack.call(mode, { model, prompt: calls % 2 === 0 ? "Hi" : "Say yes." });
      }
      const learned = (await count()) - plain;
      expect(learned, `after ${most} calls`).toBeGreaterThan(15);
      expect(learned, `after ${most} calls`).toBeLessThan(40);
      // The answers have taught nothing of such a length: they are short.
      expect(await answerTokens(), `after ${most} calls`).toBe(plainAnswer);
    }
  });
});
