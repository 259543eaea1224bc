import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdapterStack, startAdapterStack } from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { user, words } from "../../support/conversation.ts";
import type { Answer } from "../../support/field-stack.ts";
import { OK_ANSWERS } from "../../support/ok-answers.ts";
import { responsesWhole } from "../../support/wire-answers.ts";

// What the file can say of a server's wire.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack(`
  - {id: reasons, provider: chat, efforts: [low, high], wire: {token_limit_field: max_completion_tokens}}
  - {id: strict, provider: chat, wire: {stream_options: false}}
  - {id: marks, provider: chat, wire: {cache_field: cache_control}}
  - {id: breaks, provider: chat, wire: {cache_field: prompt_cache_breakpoint}}
  - {id: samples, provider: chat, parameters: [sampling.top_k, sampling.temperature]}
  - {id: adapts, provider: ant, efforts: [low, high], wire: {thinking: [adaptive]}}
`);
});

afterAll(() => stack[Symbol.asyncDispose]());

type Sent = Readonly<Record<string, unknown>>;

describe.each(MODES)("%s", (mode) => {
  const sent = async (model: string, spec: object = {}): Promise<Sent> => {
    const end = await stack.call(mode, "chat", OK_ANSWERS.chat, { ...spec, model });
    expect(end.warnings).toEqual([]);
    return stack.sent("chat");
  };

  it("field:A47 the field of the limit of tokens", async () => {
    const sampling = { maxOutputTokens: 100 };
    const own = await sent("reasons", { sampling });
    expect([own["max_completion_tokens"], own["max_tokens"]]).toEqual([100, undefined]);
    const usual = await sent("m-chat", { sampling });
    expect([usual["max_completion_tokens"], usual["max_tokens"]]).toEqual([undefined, 100]);
  });

  it("field:A48 a server that refuses stream_options", async () => {
    const refuses: Answer = (body) =>
      "stream_options" in body
        ? { status: 422, body: { detail: [{ type: "extra_forbidden", loc: ["stream_options"] }] } }
        : OK_ANSWERS.chat(body);
    const end = await stack.call(mode, "chat", refuses, { model: "strict" });
    expect(end.generation?.outputText).toBe("ok");
    expect(end.generation?.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
    expect("stream_options" in (await sent("m-chat"))).toBe(mode === "stream");
  });

  it("field:A50 the field of a cache hint", async () => {
    const hinted = { ...words("long"), cacheHint: { ttl: "3600s" } };
    const content = async (model: string) => {
      const body = await sent(model, { messages: [user(hinted)] });
      return (body["messages"] as readonly Sent[])[0]?.["content"];
    };
    const part = { type: "text", text: "long" };
    expect(await content("marks")).toEqual([
      { ...part, cache_control: { type: "ephemeral", ttl: expect.any(String) } },
    ]);
    expect(await content("breaks")).toEqual([
      { ...part, prompt_cache_breakpoint: { mode: "explicit", ttl: expect.any(String) } },
    ]);
    expect(await content("m-chat")).toBe("long");
  });

  it("field:A51 a parameter that the model lists", async () => {
    const sampling = { topK: 5, temperature: 0.5 };
    expect(await sent("samples", { sampling })).toMatchObject({ top_k: 5, temperature: 0.5 });
    const end = await stack.call(mode, "chat", OK_ANSWERS.chat, { sampling: { topK: 5 } });
    expect(end.warnings).toEqual(["PARAMETER_DROPPED"]);
    expect(stack.sent("chat")).not.toHaveProperty("top_k");
  });
});

it.each(MODES)("field:A49 the modes of thinking that a model has, %s", async (mode) => {
  await stack.call(mode, "ant", OK_ANSWERS.ant, { model: "adapts", reasoning: { effort: 3 } });
  expect(stack.sent("ant")["thinking"]).toEqual({ type: "adaptive" });
  const budget = { model: "adapts", reasoning: { budgetTokens: 2000 } };
  const end = await stack.call(mode, "ant", OK_ANSWERS.ant, budget);
  expect(end.warnings).toEqual(["PARAMETER_DROPPED"]);
  expect(stack.sent("ant")["thinking"]).toBeUndefined();
});

it.each(["gpt-5", "o3", "gpt-4o"].flatMap((model) => MODES.map((mode) => [model, mode] as const)))(
  "field:A52 %s takes a PDF, %s",
  async (model, mode) => {
    const source = {
      origin: { case: "inlineData", value: Buffer.from("%PDF-") },
      mediaType: "application/pdf",
    };
    const file = { data: { case: "file", value: { source, filename: "a.pdf" } } };
    const end = await stack.call(mode, "oai", OK_ANSWERS.oai, {
      model: `oai/${model}`,
      messages: [user(words("Read."), file)],
    });
    expect(end.generation?.outputText).toBe("ok");
    expect(JSON.stringify(stack.sent("oai"))).toContain("data:application/pdf;base64,JVBERi0=");
  },
);

describe("what nothing would read stops the start", () => {
  it.each([
    [
      "field:A51",
      "{id: x, provider: resp, parameters: [sampling.top_k]}",
      /models\[3\]\.parameters\[0\]: sampling\.top_k has no field in the dialect responses/,
    ],
    [
      "field:A51",
      "{id: x, provider: ant, parameters: [sampling.seed]}",
      /sampling\.seed has no field/,
    ],
    [
      "another dialect",
      "{id: x, provider: resp, wire: {reasoning_field: reasoning}}",
      /models\[3\]\.wire\.reasoning_field: says nothing/,
    ],
    [
      "another type",
      "{id: x, provider: ant, wire: {stream_options: false}}",
      /wire\.stream_options: says nothing/,
    ],
    [
      "a word",
      "{id: x, provider: chat, wire: {cache_field: cache}}",
      /must be one of cache_control/,
    ],
  ])("%s %s", async (_name, model, problem) => {
    await expect(startAdapterStack(`  - ${model}\n`)).rejects.toThrow(problem);
  });
});

it("models of Responses have their cache field, too", async () => {
  await using own = await startAdapterStack(
    "  - {id: x, provider: resp, wire: {cache_field: prompt_cache_breakpoint}}\n",
  );
  const message = { type: "message", content: [{ type: "output_text", text: "ok" }] };
  const hinted = { ...words("long"), cacheHint: { ttl: "" } };
  await own.call("unary", "resp", () => responsesWhole([message]), {
    model: "x",
    messages: [user(hinted)],
  });
  expect(JSON.stringify(own.sent("resp"))).toContain(
    '"prompt_cache_breakpoint":{"mode":"explicit"}',
  );
});
