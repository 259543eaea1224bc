// Two instances of one vendor, each with a key of its own: a tool loop that begins at the first goes on at the second.
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageSchema } from "../../../gen/es/steer/v1/content_pb.js";
import { either } from "../../support/adapter-stack.ts";
import type { Mode, Spec } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import {
  assistant,
  toolCall,
  toolF,
  toolMessage,
  toolResult,
  user,
  words,
} from "../../support/conversation.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import { responsesBoth } from "../../support/responses-both.ts";
import { streamedBlocks } from "../../support/streamed-blocks.ts";
import {
  chatStream,
  chatWhole,
  messagesEvents,
  messagesWhole,
} from "../../support/wire-answers.ts";

let stack: FieldStack;

beforeAll(async () => {
  const pair = (id: string, url: (server: string) => string, path: string, more: string): string =>
    ["a", "b"]
      .map((each) => id + each)
      .map(
        (own) => `\n  - {id: ${own}, base_url: "${url(own)}${path}", api_key_env: UP_KEY, ${more}}`,
      )
      .join("");
  stack = await startFieldStack(
    ["anta", "antb", "deepa", "deepb", "resa", "resb"],
    (url) => `
providers:${pair("ant", url, "", "type: anthropic, builtin_models: true")}${pair("deep", url, "/v1", "type: deepseek")}${pair("res", url, "/v1", "type: openai, api: responses")}
models:
  - {id: deep, provider: deepa, fallbacks: [deepb/deep]}
  - {id: deep, provider: deepb}
  - {id: res, provider: resa, efforts: [low, high], fallbacks: [resb/res]}
  - {id: res, provider: resb, efforts: [low, high]}
`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

const THINKING = { type: "thinking", thinking: "hm", signature: "c2ln" };
const HIDDEN = { type: "redacted_thinking", data: "gAAA" };
const USE = { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } };
const messages = (blocks: Parameters<typeof streamedBlocks>[0], reason: string): Answer =>
  either(messagesWhole(blocks, reason), messagesEvents(streamedBlocks(blocks), reason));
const antOk = messages([{ type: "text", text: "ok" }], "end_turn");

const fn = { id: "toolu_1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
const thought = { content: null, reasoning_content: "hm" };
const deepCall = either(
  chatWhole({ ...thought, tool_calls: [fn] }, "tool_calls"),
  chatStream({ ...thought, tool_calls: [{ index: 0, ...fn }] }, "tool_calls"),
);
const deepOk = either(chatWhole({ content: "ok" }), chatStream({ content: "ok" }));

const REASONING = {
  type: "reasoning",
  id: "rs_1",
  summary: [{ type: "summary_text", text: "hm" }],
  encrypted_content: "gAAA",
};
const resCall = responsesBoth([
  REASONING,
  { type: "function_call", id: "fc_1", call_id: "toolu_1", name: "f", arguments: '{"a":1}' },
]);
const resOk = responsesBoth([
  { type: "message", id: "m1", role: "assistant", content: [{ type: "output_text", text: "ok" }] },
]);

const overloaded: Answer = () => ({
  status: 529,
  body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
});

/** The message of the first answer as callers keep it. */
async function firstTurn(mode: Mode, server: string, spec: object, answer: Answer) {
  await stack.script({ [server]: answer });
  const { generation } = await stack.call(mode, { ...spec, prompt: "q" } as Spec);
  if (generation?.message === undefined) throw new Error("the first turn has no message");
  return fromJson(
    MessageSchema,
    JSON.parse(JSON.stringify(toJson(MessageSchema, generation.message))),
  );
}

/** The result of the call, while the first instance of two has no room; what the second one received. */
async function secondTurn(mode: Mode, pair: string, spec: object, said: object, answer: Answer) {
  await stack.script({ [`${pair}a`]: overloaded, [`${pair}b`]: answer });
  const history = [user(words("q")), said, toolMessage(toolResult("toolu_1"))];
  const end = await stack.call(mode, { ...spec, messages: history } as unknown as Spec);
  const sent = JSON.parse(stack.bodies(`${pair}b`).at(-1) ?? "null") as Record<string, JsonValue>;
  return { end, sent };
}

describe.each(MODES)("%s", (mode) => {
  const claude = {
    model: "anta/claude-haiku-4-5-20251001",
    tools: [toolF()],
    reasoning: { budgetTokens: 2000 },
    sampling: { maxOutputTokens: 5000 },
    routing: { fallbacks: [{ model: "antb/claude-haiku-4-5-20251001" }] },
  };
  const ENABLED = { type: "enabled", budget_tokens: 2000 };

  it.each([
    ["signed", [THINKING]],
    ["hidden", [HIDDEN]],
    ["signed and hidden", [THINKING, HIDDEN]],
  ])("field:A58 thinking that is %s goes along to the other key", async (_name, thinking) => {
    const said = await firstTurn(mode, "anta", claude, messages([...thinking, USE], "tool_use"));
    const { end, sent } = await secondTurn(mode, "ant", claude, said, antOk);
    expect(end.attempts[0]).toBe("anta/claude-haiku-4-5-20251001 FAILED PROVIDER_OVERLOADED");
    expect(end.attempts.at(-1)).toBe("antb/claude-haiku-4-5-20251001 SUCCEEDED");
    expect(sent["thinking"]).toEqual(ENABLED);
    expect((sent["messages"] as JsonValue[])[1]).toEqual({
      role: "assistant",
      content: [...thinking, USE],
    });
    expect(end.warnings).toEqual([]);
    // Each instance got the same; with another target left, the first is streamed from.
    const first = JSON.parse(stack.bodies("anta")[0] ?? "null");
    expect({ ...first, stream: sent["stream"] }).toEqual(sent);
  });

  it.each([
    ["the other instance's name", { text: "hm", signature: Buffer.from("c2ln"), provider: "anta" }],
    ["no signature", { text: "hm", provider: "anthropic" }],
  ])("field:A58 thinking with %s is left out, and none is asked for", async (_name, value) => {
    const reasoning = { data: { case: "reasoning", value } };
    const said = assistant(reasoning, toolCall("toolu_1", '{"a":1}'));
    const { end, sent } = await secondTurn(mode, "ant", claude, said, antOk);
    expect(end.attempts.at(-1)).toBe("antb/claude-haiku-4-5-20251001 SUCCEEDED");
    expect(sent).not.toHaveProperty("thinking");
    expect((sent["messages"] as JsonValue[])[1]).toEqual({ role: "assistant", content: [USE] });
    expect(end.warnings).toEqual(["REASONING_DROPPED", "PARAMETER_DROPPED"]);
  });

  it("field:A58 thoughts as text go along to the other key", async () => {
    const spec = { model: "deepa/deep", tools: [toolF()] };
    const said = await firstTurn(mode, "deepa", spec, deepCall);
    const { end, sent } = await secondTurn(mode, "deep", spec, said, deepOk);
    expect(end.attempts.at(-1)).toBe("deepb/deep SUCCEEDED");
    expect((sent["messages"] as JsonValue[])[1]).toEqual({
      role: "assistant",
      content: "",
      reasoning_content: "hm",
      tool_calls: [fn],
    });
    expect(end.warnings).toEqual([]);
  });

  it("field:A58 encrypted reasoning goes along to the other key", async () => {
    const spec = { model: "resa/res", tools: [toolF()], reasoning: { effort: 3 } };
    const said = await firstTurn(mode, "resa", spec, resCall);
    const { end, sent } = await secondTurn(mode, "res", spec, said, resOk);
    expect(end.attempts.at(-1)).toBe("resb/res SUCCEEDED");
    expect((sent["input"] as JsonValue[])[1]).toEqual(REASONING);
    expect(end.warnings).toEqual([]);
  });
});
