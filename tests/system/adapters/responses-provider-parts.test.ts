// Items of Responses that have no word in the contract, annotations, phases, free text calls and
// probabilities: into the answer, and back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../../gen/es/steer/v1/content_pb.js";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import { type AdapterStack, either, startAdapterStack } from "../../support/adapter-stack.ts";
import { responsesBoth as both, type Item } from "../../support/responses-both.ts";
import { secondTurn } from "../../support/second-turn.ts";
import { chatStream, chatWhole } from "../../support/wire-answers.ts";

let stack: AdapterStack;
beforeAll(async () => {
  stack = await startAdapterStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

const MODES = ["unary", "stream"] as const;

const message = (id: string, text: string, more: object = {}, own: object = {}): Item => ({
  type: "message",
  id,
  role: "assistant",
  status: "completed",
  ...own,
  content: [{ type: "output_text", text, annotations: [], ...more }],
});
const sentMessage = (text: string, annotations: object[] = [], own: object = {}) => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text, annotations }],
  ...own,
});
const input = (text: string) => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});
const provider = (item: object) => ({
  role: Role.USER,
  parts: [
    {
      data: {
        case: "providerPart" as const,
        value: { providerType: "openai", json: JSON.stringify(item) },
      },
    },
  ],
});

const APPROVAL: Item = {
  type: "mcp_approval_request",
  id: "mcpr_1",
  name: "create",
  arguments: '{"a":1}',
  server_label: "s",
};
const SEARCH: Item = {
  type: "web_search_call",
  id: "ws1",
  status: "completed",
  action: { type: "search", query: "q" },
};
const CITATION = {
  type: "url_citation",
  url: "https://example.com",
  title: "T",
  start_index: 0,
  end_index: 3,
};
const DONE = both([message("m9", "ok")]);

describe.each(MODES)("%s", (mode) => {
  it("field:A30 an approval is asked for, and given as an item", async () => {
    const first = await stack.call(mode, "resp", both([APPROVAL]));
    const [part, ...others] = first.generation?.message?.parts ?? [];
    expect(others).toEqual([]);
    if (part?.data.case !== "providerPart") throw new Error("no provider part");
    expect(part.data.value).toMatchObject({ providerType: "openai", api: "responses" });
    expect(JSON.parse(part.data.value.json)).toEqual(APPROVAL);
    expect(first.generation?.finishReason).toBe(FinishReason.STOP);
    const response = {
      type: "mcp_approval_response",
      approval_request_id: "mcpr_1",
      approve: true,
    };
    const { end, sent } = await secondTurn(stack, mode, "resp", first, {
      answer: DONE,
      next: [provider(response)],
    });
    expect(sent["input"]).toEqual([input("q"), APPROVAL, response]);
    expect(end.generation?.outputText).toBe("ok");
    expect(end.warnings).toEqual([]);
  });

  it("field:A31 a search, and the source of what was found by it", async () => {
    const text = message("m1", "See 🚀", { annotations: [CITATION] });
    const first = await stack.call(mode, "resp", both([SEARCH, text]));
    expect(first.generation?.message?.parts.map(({ data }) => data)).toMatchObject([
      { case: "providerPart", value: { json: JSON.stringify(SEARCH) } },
      {
        case: "text",
        value: {
          text: "See 🚀",
          annotations: [{ uri: "https://example.com", title: "T", start: 0, end: 3 }],
        },
      },
    ]);
    const { sent } = await secondTurn(stack, mode, "resp", first, { answer: DONE });
    expect(sent["input"]).toEqual([
      input("q"),
      SEARCH,
      sentMessage("See 🚀", [CITATION]),
      input("go on"),
    ]);
  });

  it("field:A32 the phases of two messages are kept, and none joins the other", async () => {
    const first = await stack.call(
      mode,
      "resp",
      both([
        message("m1", "Let me look.", {}, { phase: "commentary" }),
        message("m2", "42", {}, { phase: "final_answer" }),
      ]),
    );
    expect(first.generation?.message?.parts.map(({ providerData }) => providerData?.json)).toEqual([
      '{"phase":"commentary"}',
      '{"phase":"final_answer"}',
    ]);
    const { sent } = await secondTurn(stack, mode, "resp", first, { answer: DONE });
    expect(sent["input"]).toEqual([
      input("q"),
      sentMessage("Let me look.", [], { phase: "commentary" }),
      sentMessage("42", [], { phase: "final_answer" }),
      input("go on"),
    ]);
  });

  it("field:A35 a call with free text goes back as what it was, and so does its result", async () => {
    const call = {
      type: "custom_tool_call",
      id: "ct1",
      call_id: "call_1",
      name: "sql",
      input: "select 1",
    };
    const plain = {
      type: "function_call",
      id: "fc1",
      call_id: "call_2",
      name: "f",
      arguments: "{}",
    };
    const first = await stack.call(mode, "resp", both([call, plain]));
    const result = (toolCallId: string) => ({
      data: {
        case: "toolResult" as const,
        value: { toolCallId, content: [{ data: { case: "text" as const, value: { text: "r" } } }] },
      },
    });
    const { end, sent } = await secondTurn(stack, mode, "resp", first, {
      answer: DONE,
      next: [{ role: Role.TOOL, parts: [result("call_1"), result("call_2")] }],
    });
    const { id: _, ...sentCall } = call;
    const { id: __, ...sentPlain } = plain;
    expect(sent["input"]).toEqual([
      input("q"),
      sentCall,
      sentPlain,
      { type: "custom_tool_call_output", call_id: "call_1", output: "r" },
      { type: "function_call_output", call_id: "call_2", output: "r" },
    ]);
    expect(end.generation?.outputText).toBe("ok");
  });

  it.each([
    { type: "file_search_call", id: "fs1", status: "completed", queries: ["a"], results: null },
    { type: "code_interpreter_call", id: "ci1", code: "1", outputs: [{ type: "logs", logs: "1" }] },
    { type: "computer_call", id: "cc1", call_id: "call_1", action: { type: "screenshot" } },
    { type: "image_generation_call", id: "ig1", status: "completed", result: "iVBORw0K" },
    { type: "local_shell_call", id: "ls1", call_id: "call_1", action: { command: ["ls"] } },
    {
      type: "mcp_list_tools",
      id: "mcpl_1",
      server_label: "s",
      tools: [{ name: "a", input_schema: {} }],
    },
    { type: "mcp_call", id: "mcp_1", name: "a", arguments: "{}", output: "o", error: null },
    { type: "compaction", id: "cmp_1", encrypted_content: "gAAA" },
    { type: "brand_new", some: { nested: [1, { deep: null }] } },
  ])("field:A30 an item $type comes and goes unchanged", async (item) => {
    const first = await stack.call(
      mode,
      "resp",
      both([message("m1", "a"), item, message("m2", "b")]),
    );
    expect(first.generation?.message?.parts.map(({ data }) => data.case)).toEqual([
      "text",
      "providerPart",
      "text",
    ]);
    expect(first.generation?.outputText).toBe("ab");
    const { sent } = await secondTurn(stack, mode, "resp", first, { answer: DONE });
    expect(sent["input"]).toEqual([
      input("q"),
      sentMessage("a"),
      item,
      sentMessage("b"),
      input("go on"),
    ]);
  });

  it("another dialect of the same type gets what its wire has room for, with a warning", async () => {
    const first = await stack.call(mode, "resp", both([SEARCH, message("m1", "See")]));
    const { end, sent } = await secondTurn(stack, mode, "chat", first, {
      answer: either(chatWhole({ content: "ok" }), chatStream({ content: "ok" })),
    });
    expect(sent["messages"]).toEqual([
      { role: "user", content: "q" },
      { role: "assistant", content: "See" },
      { role: "user", content: "go on" },
    ]);
    expect(end.warnings).toEqual(["PROVIDER_PART_DROPPED"]);
  });

  it("probabilities come with the tokens, where they are asked for", async () => {
    const logprobs = [
      {
        token: "Hi",
        logprob: -0.25,
        bytes: [72, 105],
        top_logprobs: [{ token: "Ho", logprob: -2 }],
      },
      { token: "�", logprob: -1.5, bytes: [0xf0, 0x9f], top_logprobs: [] },
    ];
    const first = await stack.call(mode, "resp", both([message("m1", "Hi!", { logprobs })]), {
      sampling: { logprobs: true, topLogprobs: 1 },
    });
    expect(stack.sent("resp")).toMatchObject({
      include: ["reasoning.encrypted_content", "message.output_text.logprobs"],
      top_logprobs: 1,
    });
    expect(first.warnings).toEqual([]);
    const [part] = first.generation?.message?.parts ?? [];
    expect(part?.data).toMatchObject({
      case: "text",
      value: {
        text: "Hi!",
        logprobs: [
          { token: "Hi", logprob: -0.25, rawBytes: new Uint8Array(), top: [{ token: "Ho" }] },
          { token: "�", logprob: -1.5, rawBytes: Buffer.of(0xf0, 0x9f) },
        ],
      },
    });
  });

  it("fields of the response without a place are metadata, and its echo of the request is not", async () => {
    const more = {
      service_tier: "flex",
      tools: [{ type: "function" }],
      instructions: "x",
      billing: { payer: "developer", big: "BIG" },
    };
    const answer = both([message("m1", "a")], more);
    const exact = (body: { stream?: boolean }) => {
      const { body: given, ...rest } = answer(body);
      const text = typeof given === "string" ? given : JSON.stringify(given);
      const type = typeof given === "string" ? "text/event-stream" : "application/json";
      return {
        ...rest,
        headers: { "content-type": type },
        body: text.replaceAll('"BIG"', "9007199254740993"),
      };
    };
    const { generation } = await stack.call(mode, "resp", exact);
    expect(generation?.providerMetadata).toEqual({
      resp: {
        service_tier: "flex",
        billing: { payer: "developer", big: "9007199254740993" },
      },
    });
  });
});
