import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as registry from "../../../src/providers/registry.ts";
import { mistakeOf } from "../../support/config-file.ts";
import { MODES } from "../../support/conformance/suite.ts";
import {
  assistant,
  reasoningOf,
  toolCall,
  toolMessage,
  toolResult,
  user,
  words,
} from "../../support/conversation.ts";
import { startTypeStack, TYPES, type Type, type TypeStack } from "../../support/type-stack.ts";

// What reaches the server of a type that is a record, by the shipped defaults of each.

let stack: TypeStack;

beforeAll(async () => {
  stack = await startTypeStack(`
  - {id: listed, provider: mistral, parameters: [sampling.temperature, sampling.seed]}
  - {id: placed, provider: groq, wire: {system_place: first, reasoning_field: reasoning_content}}
`);
});

afterAll(() => stack?.[Symbol.asyncDispose]());

const STOPS = { sampling: { stopSequences: ["a", "b", "c", "d", "e"] } };

describe.each(MODES)("%s", (mode) => {
  const call = (type: Type, spec: object = {}) => stack.call(mode, type, spec);

  it.each(TYPES)("%s answers a plain request", async (type) => {
    const { end, sent } = await call(type);
    expect(end.generation?.outputText).toBe("ok");
    expect(end.warnings).toEqual([]);
    expect(stack.field.paths(type)).toEqual([
      type === "perplexity" ? "/v1/responses" : "/v1/chat/completions",
    ]);
    expect(stack.field.headers(type)[0]?.authorization).toBe("Bearer secret-key");
    expect("stream_options" in sent).toBe(mode === "stream" && type !== "mistral");
  });

  it.each([
    ["cerebras", "max_completion_tokens"],
    ["deepseek", "max_tokens"],
    ["groq", "max_completion_tokens"],
    ["mistral", "max_tokens"],
    ["moonshot", "max_completion_tokens"],
    ["ollama", "max_tokens"],
    ["perplexity", "max_output_tokens"],
  ] as const)("%s has its field for the limit of tokens", async (type, field) => {
    const { sent } = await call(type, { sampling: { maxOutputTokens: 100 } });
    const fields = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
    expect(fields.filter((name) => name in sent)).toEqual([field]);
  });

  it.each([
    ["mistral", { sampling: { seed: 7 } }, { random_seed: 7 }, []],
    ["groq", { sampling: { seed: 7 } }, { seed: 7 }, []],
    ["mistral", { sampling: { temperature: 1.8 } }, { temperature: 1.5 }, ["PARAMETER_CLAMPED"]],
    ["moonshot", { sampling: { temperature: 1.8 } }, { temperature: 1 }, ["PARAMETER_CLAMPED"]],
    ["groq", { sampling: { logprobs: true } }, {}, ["PARAMETER_DROPPED"]],
    ["ollama", { sampling: { logprobs: true } }, { logprobs: true }, []],
    ["cerebras", { sampling: { temperature: 1.8 } }, { temperature: 1.5 }, ["PARAMETER_CLAMPED"]],
    ["groq", { sampling: { presencePenalty: 1 } }, {}, ["PARAMETER_DROPPED"]],
    ["groq", STOPS, { stop: ["a", "b", "c", "d"] }, ["PARAMETER_CLAMPED"]],
    ["cerebras", STOPS, { stop: ["a", "b", "c", "d"] }, ["PARAMETER_CLAMPED"]],
    ["fireworks", STOPS, { stop: ["a", "b", "c", "d"] }, ["PARAMETER_CLAMPED"]],
    ["lmstudio", { sampling: { logprobs: true } }, {}, ["PARAMETER_DROPPED"]],
    ["cerebras", { sampling: { presencePenalty: 1 } }, {}, ["PARAMETER_DROPPED"]],
    ["gemini", { sampling: { seed: 7 } }, {}, ["PARAMETER_DROPPED"]],
    ["mistral", { endUserId: "u1" }, {}, ["PARAMETER_DROPPED"]],
    ["perplexity", { endUserId: "u1" }, {}, ["PARAMETER_DROPPED"]],
    ["vllm", { endUserId: "u1" }, { user: "u1" }, []],
  ] as const)("%s gets of %j what it takes", async (type, spec, fields, warnings) => {
    const { end, sent } = await call(type, spec);
    expect(end.warnings).toEqual(warnings);
    const asked = [
      ...["seed", "random_seed", "temperature", "stop"],
      ...["logprobs", "presence_penalty", "user"],
    ];
    const found = Object.entries(sent).filter(([name]) => asked.includes(name));
    expect(Object.fromEntries(found)).toEqual(fields);
  });

  it("a parameter that most models of a type do not take goes to one that lists it", async () => {
    const sampling = { seed: 7, temperature: 0.5 };
    const { end, sent } = await call("mistral", { model: "listed", sampling });
    expect(end.warnings).toEqual([]);
    expect(sent).toMatchObject({ random_seed: 7, temperature: 0.5 });
  });

  it("Mistral gets identifiers of calls of nine letters and digits", async () => {
    const messages = [
      user(words("q")),
      assistant(toolCall("call_0123456789"), toolCall("toolu_abc")),
      toolMessage(toolResult("call_0123456789"), toolResult("toolu_abc")),
    ];
    const { sent } = await call("mistral", { messages });
    const [, calls, ...results] = sent["messages"] as readonly Record<string, never>[];
    const ids = ((calls?.["tool_calls"] ?? []) as readonly { id: string }[]).map(({ id }) => id);
    expect(ids.every((id) => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(2);
    expect(results.map((result) => result["tool_call_id"])).toEqual(ids);
  });

  it.each([
    ["cerebras", "reasoning"],
    ["deepseek", "reasoning_content"],
    ["fireworks", "reasoning_content"],
    ["groq", "reasoning"],
    ["llamacpp", "reasoning_content"],
    ["moonshot", "reasoning_content"],
    ["ollama", "reasoning"],
    ["openrouter", "reasoning"],
    ["vllm", "reasoning"],
  ] as const)("%s gets its thoughts back in %s", async (type, field) => {
    const messages = [
      user(words("q")),
      assistant(reasoningOf(type, "hm"), words("a"), toolCall("c12345678")),
      toolMessage(toolResult("c12345678")),
    ];
    const { end, sent } = await call(type, { messages });
    expect(end.warnings).toEqual(field === undefined ? ["REASONING_DROPPED"] : []);
    const [, said] = sent["messages"] as readonly object[];
    const fields = Object.entries(said ?? {}).filter(([name]) => name.startsWith("reasoning"));
    expect(fields).toEqual(field === undefined ? [] : [[field, "hm"]]);
  });

  it("Mistral gets its thoughts back as parts, in their order", async () => {
    const messages = [
      user(words("q")),
      assistant(reasoningOf("mistral", "hm"), words("a")),
      user(words("go on")),
    ];
    const { sent } = await call("mistral", { messages });
    expect((sent["messages"] as readonly object[])[1]).toEqual({
      role: "assistant",
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
        { type: "text", text: "a" },
      ],
    });
  });

  const system = (text: string) => ({ role: 1, parts: [words(text)] });

  it.each([
    ["vllm", "m-vllm", ["system", "user", "assistant", "user"]],
    ["llamacpp", "m-llamacpp", ["system", "user", "assistant", "user"]],
    ["lmstudio", "m-lmstudio", ["system", "user", "assistant", "user"]],
    ["groq", "placed", ["system", "user", "assistant", "user"]],
    ["groq", "m-groq", ["system", "user", "assistant", "system", "user"]],
  ] as const)("%s (%s) gets system texts where it takes them", async (type, model, roles) => {
    const messages = [
      system("one"),
      user(words("q")),
      assistant(words("a")),
      system("two"),
      user(words("q")),
    ];
    const { sent } = await call(type, { model, messages });
    const found = sent["messages"] as readonly { role: string; content: string }[];
    expect(found.map(({ role }) => role)).toEqual(roles);
    expect(found[0]?.content).toBe(roles.length === 4 ? "one\n\ntwo" : "one");
  });
});

describe("the file", () => {
  const provider = (fields: string): string => mistakeOf(`providers: [{${fields}}]`);

  it("refuses what a type does not speak, with what to write", () => {
    expect(provider("id: g, type: gemini, api: native")).toContain(
      "Gemini's native API is not spoken yet: leave `api` out, or write chat",
    );
    expect(provider("id: g, type: gemini, api: responses")).toContain("must be one of chat");
    expect(provider("id: p, type: perplexity, api: chat")).toContain("ended its Chat endpoint");
  });

  it("can have an instance of type openai with the name of such a type, where none is of it", () => {
    expect(provider("id: vllm, type: openai, base_url: 'http://h/v1'")).toBe("no mistake");
    expect(provider("id: groq, type: openai, base_url: 'http://h/v1'")).toBe("no mistake");
    const both = "{id: a, type: groq}, {id: groq, type: openai, base_url: 'http://h/v1'}";
    expect(mistakeOf(`providers: [${both}]`)).toContain('"groq" is the name of a type');
    expect(provider("id: xai, type: openai, base_url: 'http://h/v1'")).toContain(
      '"xai" is the name of a type',
    );
  });

  it("knows every type of a record that is registered", () => {
    const records = Object.entries(registry).filter(([, { isNameReserved }]) => !isNameReserved);
    expect(records.map(([name]) => name)).toEqual(expect.arrayContaining([...TYPES]));
  });
});
