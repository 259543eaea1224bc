import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SeenRequest } from "../support/http-upstream.ts";
import {
  answer,
  answerOf,
  SILENCE_ADAPTERS,
  type SilenceAdapter,
  type SilenceStack,
  startSilenceStack,
} from "../support/silence-stack.ts";
import type { UpstreamAnswer } from "../support/upstream/script.ts";
import { loadFixtures, type WireFixture } from "../support/wire-fixture.ts";

// A unary call whose provider streams has the result of one whose provider answers as a whole.

const ADAPTERS: readonly (readonly [SilenceAdapter, string, string])[] = [
  ["chat", "openai", "chat"],
  ["responses", "openai", "responses"],
  ["claude", "anthropic", "messages"],
  ["grok", "xai", "chat"],
];

/** Of these names the two fixtures hold different answers. */
const OTHER_ANSWERS = [
  "chat/text-stream",
  "chat/reasoning-stream",
  "responses/text-stream",
  "messages/tools-stream",
];

/** Fixtures of one answer in both forms. */
function pairs(
  type: string,
  dialect: string,
): readonly (readonly [string, WireFixture, WireFixture])[] {
  const all = loadFixtures(type).filter(({ expected }) => expected.dialect === dialect);
  return all.flatMap((stream) => {
    const whole = all.find(({ name }) => name === stream.name.replace("-stream.", "-unary."));
    const isPair = whole !== undefined && whole !== stream;
    return isPair && stream.expected.error === undefined
      ? [[stream.name, whole, stream] as const]
      : [];
  });
}

describe.each(ADAPTERS)("%s", (adapter, type, dialect) => {
  const stacks = new Map<"whole" | "stream", SilenceStack>();

  beforeAll(async () => {
    for (const wish of ["whole", "stream"] as const) {
      const instance = `, unary_upstream: ${wish} # because: the results of both ways are compared`;
      stacks.set(wish, await startSilenceStack(adapter, { instance, model: ", efforts: [low]" }));
    }
  });

  afterAll(async () => {
    for (const stack of stacks.values()) await stack[Symbol.asyncDispose]();
  });

  /** The result of a unary call, but for what only time and chance decide. */
  async function resultOf(wish: "whole" | "stream", answer: (seen: SeenRequest) => void) {
    const stack = stacks.get(wish);
    if (stack === undefined) throw new Error("the stack has not started");
    stack.behaviour.one = (seen) => {
      expect(JSON.parse(seen.body).stream).toBe(wish === "stream");
      answer(seen);
    };
    const { generation, typed } = await stack.call.unary({ model: "p", prompt: "Hi" });
    expect(typed).toBeUndefined();
    if (generation === undefined) throw new Error("no generation");
    const { attempts = [], ...rest } = generation;
    for (const { data: content } of rest.message?.parts ?? []) {
      // Whole answers of the Messages dialect hold arguments as an object: their blanks are not the model's.
      if (content.case !== "toolCall") continue;
      content.value.argumentsJson = JSON.stringify(JSON.parse(content.value.argumentsJson));
    }
    return {
      ...rest,
      attempts: attempts.map(({ usage, cost }) => ({ usage, cost })),
      generationId: "",
      createTime: undefined,
      timing: undefined,
    };
  }

  const sent =
    ({ status, headers, body }: WireFixture) =>
    ({ response }: SeenRequest): void => {
      response.writeHead(status, Object.fromEntries(headers)).end(body);
    };

  const both = pairs(type, dialect);
  // The counts of the others are not those of one answer.
  const counted = both.filter(([, , { expected }]) => expected.golden !== undefined);

  it("has fixtures", () => {
    expect(counted.length).toBeGreaterThanOrEqual(4);
  });

  it.each(counted)("%s: each field of the whole answer", async (_name, whole, stream) => {
    expect(await resultOf("stream", sent(stream))).toEqual(await resultOf("whole", sent(whole)));
  });

  const alike = both.filter(([name]) => !OTHER_ANSWERS.some((other) => name.includes(other)));

  it.each(alike)(
    "%s: the message of the whole answer, and its end",
    async (_name, whole, stream) => {
      const streamed = await resultOf("stream", sent(stream));
      const { message, outputText, finishReason, providerFinishReason } = await resultOf(
        "whole",
        sent(whole),
      );
      expect(streamed).toMatchObject({ outputText, finishReason, providerFinishReason });
      expect(streamed.message).toEqual(message);
    },
  );

  it.each<[string, Partial<UpstreamAnswer>]>([
    ["text", {}],
    ["reasoning", { reasoning: "Think first." }],
    ["a tool call", { tool: { id: "call_1", name: "f", json: '{"a": 1}' } }],
    ["a refusal", { refusal: "I will not." }],
  ])("%s: each field of the same answer", async (_name, changes) => {
    const same = { ...answerOf("An answer of five tokens."), ...changes };
    const send = (seen: SeenRequest): void => answer(seen, SILENCE_ADAPTERS[adapter].dialect, same);
    expect(await resultOf("stream", send)).toEqual(await resultOf("whole", send));
  });
});
