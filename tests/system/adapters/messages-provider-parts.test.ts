// Blocks of Anthropic's own tools, citations and fields of blocks: into the answer, and back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import { type AdapterStack, either, startAdapterStack } from "../../support/adapter-stack.ts";
import { secondTurn } from "../../support/second-turn.ts";
import { streamedBlocks } from "../../support/streamed-blocks.ts";
import {
  chatWhole,
  jsonText,
  messagesEvents,
  messagesWhole,
  type WireAnswer,
} from "../../support/wire-answers.ts";

let stack: AdapterStack;
beforeAll(async () => {
  stack = await startAdapterStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

const MODES = ["unary", "stream"] as const;

const SEARCH = {
  type: "server_tool_use",
  id: "srvtoolu_1",
  name: "web_search",
  input: { query: "q" },
};
const RESULT = {
  type: "web_search_tool_result",
  tool_use_id: "srvtoolu_1",
  content: [
    {
      type: "web_search_result",
      url: "https://example.com",
      title: "T",
      encrypted_content: "EqgB",
    },
  ],
};
const CITATION = {
  type: "web_search_result_location",
  url: "https://example.com",
  title: "T",
  encrypted_index: "Eo8B",
  cited_text: "so it is",
};
const CITED = { type: "text", text: "It is so.", citations: [CITATION] };

function both(blocks: readonly { readonly type: string }[], reason = "end_turn") {
  return either(messagesWhole(blocks, reason), messagesEvents(streamedBlocks(blocks), reason));
}

describe.each(MODES)("%s", (mode) => {
  it("field:A33 a search, its result and a cited text come in order and go back unchanged", async () => {
    const blocks = [SEARCH, RESULT, CITED];
    const first = await stack.call(mode, "ant", both(blocks));
    const parts = first.generation?.message?.parts ?? [];
    expect(parts.map(({ data }) => data.case)).toEqual(["providerPart", "providerPart", "text"]);
    const [search, result, text] = parts.map(({ data }) => data);
    for (const [data, block] of [
      [search, SEARCH],
      [result, RESULT],
    ] as const) {
      if (data?.case !== "providerPart") throw new Error("no provider part");
      expect(data.value.providerType).toBe("anthropic");
      expect(JSON.parse(data.value.json)).toEqual(block);
    }
    if (text?.case !== "text") throw new Error("no text");
    expect(text.value).toMatchObject({
      text: "It is so.",
      annotations: [{ uri: "https://example.com", title: "T", citedText: "so it is" }],
    });
    expect(first.generation?.outputText).toBe("It is so.");
    expect(first.warnings).toEqual([]);

    const { end, sent } = await secondTurn(stack, mode, "ant", first, { answer: both([CITED]) });
    expect(sent["messages"]).toEqual([
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "assistant", content: blocks },
      { role: "user", content: [{ type: "text", text: "go on" }] },
    ]);
    expect(end.warnings).toEqual([]);
  });

  it("field:A33 the input of a search that comes as an object is exact", async () => {
    const input = '{"query":"q","n":9007199254740993}';
    const raw = (text: string) => text.replace('"RAW"', input);
    const whole = messagesWhole([{ ...SEARCH, input: "RAW" }]);
    const streamed = messagesEvents(
      [
        { type: "content_block_start", index: 0, content_block: { ...SEARCH, input: {} } },
        {
          type: "content_block_delta",
          index: 0,
          delta: { type: "input_json_delta", partial_json: "RAW" },
        },
        { type: "content_block_stop", index: 0 },
      ],
      "end_turn",
    );
    const answer = either(jsonText(raw(JSON.stringify(whole.body))), {
      body: raw(String(streamed.body)),
    });
    const { generation } = await stack.call(mode, "ant", answer);
    const [part] = generation?.message?.parts ?? [];
    if (part?.data.case !== "providerPart") throw new Error("no provider part");
    expect(part.data.value.json).toContain(`"input":${input}`);
  });

  it("field:A34 a paused turn goes on with its own message alone", async () => {
    const first = await stack.call(mode, "ant", both([SEARCH], "pause_turn"));
    expect(first.generation?.finishReason).toBe(FinishReason.PAUSED);
    expect(first.generation?.message?.parts).toHaveLength(1);
    const { end, sent } = await secondTurn(stack, mode, "ant", first, {
      answer: both([RESULT, CITED]),
      next: [],
    });
    expect(sent["messages"]).toEqual([
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "assistant", content: [SEARCH] },
    ]);
    expect(end.generation?.outputText).toBe("It is so.");
  });

  it.each([
    [
      "who may call a tool",
      {
        type: "tool_use",
        id: "toolu_1",
        name: "f",
        input: { a: 1 },
        caller: { type: "code", tool_id: "srvtoolu_1" },
      },
    ],
    ["a container's upload", { type: "container_upload", file_id: "file_1" }],
    [
      "an MCP call",
      {
        type: "mcp_tool_use",
        id: "mcptoolu_1",
        name: "echo",
        server_name: "s",
        input: { m: "hi" },
      },
    ],
    [
      "an MCP result",
      {
        type: "mcp_tool_result",
        tool_use_id: "mcptoolu_1",
        is_error: false,
        content: [{ type: "text", text: "Hello" }],
      },
    ],
    ["a block of tomorrow", { type: "brand_new", depth: { of: [1, 2.5, null, true] } }],
  ])("field:A33 %s goes back as it came", async (_, block) => {
    const first = await stack.call(mode, "ant", both([block], "tool_use"));
    const result = {
      role: 4,
      parts: [
        {
          data: {
            case: "toolResult",
            value: {
              toolCallId: "toolu_1",
              content: [{ data: { case: "text", value: { text: "r" } } }],
            },
          },
        },
      ],
    };
    const next = block.type === "tool_use" ? { next: [result] } : {};
    const { sent } = await secondTurn(stack, mode, "ant", first, {
      answer: both([CITED]),
      ...next,
    });
    expect((sent["messages"] as { content: object[] }[])[1]?.content).toEqual([block]);
  });

  it("numbers beyond 2^53 and the order of keys survive the way there and back", async () => {
    const json = '{"type":"brand_new","b":9007199254740993,"10":1.0,"2":{"z":1,"a":1e2}}';
    const whole = JSON.stringify(messagesWhole([]).body).replace(
      '"content":[]',
      `"content":[${json}]`,
    );
    const events = String(messagesEvents(streamedBlocks([{ type: "MARK" }]), "end_turn").body);
    const stream: WireAnswer = { body: events.replace('{"type":"MARK"}', json) };
    const first = await stack.call(mode, "ant", either(jsonText(whole), stream));
    const [part] = first.generation?.message?.parts ?? [];
    expect(part?.data).toMatchObject({ case: "providerPart", value: { json } });
    await secondTurn(stack, mode, "ant", first, { answer: both([CITED]) });
    expect(stack.field.bodies("ant").at(-1)).toContain(json);
  });

  it("another type of provider gets the text alone, with warnings, or is not eligible", async () => {
    const first = await stack.call(mode, "ant", both([SEARCH, RESULT, CITED]));
    const { end, sent } = await secondTurn(stack, mode, "chat", first, {
      answer: () => (mode === "unary" ? chatWhole({ content: "ok" }) : { body: "" }),
      spec: {},
    });
    expect(sent["messages"]).toEqual([
      { role: "user", content: "q" },
      { role: "assistant", content: "It is so." },
      { role: "user", content: "go on" },
    ]);
    if (mode === "unary") {
      expect(end.warnings).toEqual(["PROVIDER_PART_DROPPED", "PROVIDER_DATA_DROPPED"]);
    }
    const refused = await secondTurn(stack, mode, "chat", first, {
      answer: () => chatWhole({ content: "ok" }),
      spec: { routing: { unsupportedParameters: 2 } },
    });
    expect(refused.end.violations).toEqual(["spec.messages[1].parts[0]"]);
    expect(stack.field.requests("chat")).toBe(0);
  });
});
