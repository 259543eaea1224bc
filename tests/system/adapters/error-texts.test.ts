import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mistakeOf } from "../../support/config-file.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import type { WireAnswer } from "../../support/wire-answers.ts";

// What a provider says of a failure in its own words, which can quote a request.

const SERVERS = ["own", "resp", "ant", "grok", "az", "quiet"] as const;

let stack: FieldStack;

beforeAll(async () => {
  const entry = (id: string, url: string, more: string): string =>
    `\n  - {id: ${id}, base_url: "${url}/v1", api_key_env: UP_KEY, ${more}}`;
  stack = await startFieldStack(
    SERVERS,
    (url) => `
providers:${entry("own", url("own"), "type: vllm, error_texts: true")}${entry("resp", url("resp"), "type: openai, api: responses, error_texts: true")}${entry("ant", url("ant"), "type: anthropic, error_texts: true")}${entry("grok", url("grok"), "type: xai, error_texts: true")}${entry("az", url("az"), "type: azure, error_texts: true")}${entry("quiet", url("quiet"), "type: vllm")}
models:${SERVERS.map((server) => `\n  - {id: m-${server}, provider: ${server}}`).join("")}
`,
  );
});

afterAll(() => stack?.[Symbol.asyncDispose]());

const refused =
  (text: string): Answer =>
  () => ({
    status: 400,
    body: { error: { message: text, type: "BadRequestError", code: 400 } },
  });
const inBand: Readonly<Record<string, (text: string) => WireAnswer>> = {
  own: (message) => ({ body: `data: ${JSON.stringify({ error: { message, code: 400 } })}\n\n` }),
  ant: (message) => {
    const error = { type: "error", error: { type: "invalid_request_error", message } };
    return { body: `event: error\ndata: ${JSON.stringify(error)}\n\n` };
  },
  grok: (error) => ({
    body: { code: "Client specified an invalid argument", error },
    headers: { "content-type": "application/json" },
  }),
};

const lines = (server: string) =>
  stack.log.filter(({ event, provider }) => event === "provider error" && provider === server);

describe.each(MODES)("%s", (mode) => {
  it.each(["own", "resp", "ant", "grok", "az"] as const)(
    "field:A67 the operator of %s can read them",
    async (server) => {
      await stack.advance(1_000);
      const before = lines(server).length;
      await stack.script({ [server]: refused(`no secret-key, ${"x".repeat(600)}`) });
      const end = await stack.call(mode, { model: `m-${server}`, prompt: "hi" } as never);
      const text = `no ***, ${"x".repeat(504)}`;
      const line = { event: "provider error", provider: server, http_status: 400, text };
      expect(lines(server).slice(before)).toEqual([line]);
      // And callers cannot.
      expect(end.error?.message).toBeDefined();
      expect(end.error?.message).not.toContain("xxx");
    },
  );

  it("nobody reads those of an instance that does not say so", async () => {
    await stack.script({ quiet: refused("quiet words") });
    await stack.call(mode, { model: "m-quiet", prompt: "hi" } as never);
    expect(JSON.stringify(stack.log)).not.toContain("quiet words");
  });
});

it("field:A67 many in one second are one line and their number", async () => {
  await stack.advance(1_000);
  await stack.script({ own: refused("again") });
  const before = lines("own").length;
  await Promise.all(
    Array.from({ length: 20 }, () =>
      stack.call("unary", { model: "m-own", prompt: "hi" } as never),
    ),
  );
  expect(lines("own").slice(before)).toHaveLength(1);
  await stack.advance(1_000);
  await stack.call("unary", { model: "m-own", prompt: "hi" } as never);
  expect(lines("own").at(-1)).toMatchObject({ text: "again", suppressed: 19 });
});

describe("the file", () => {
  it.each([
    ["{id: openai, type: openai, error_texts: true}", "error_texts: is for servers of one's own"],
    ["{id: g, type: groq, error_texts: true}", "error_texts: is for servers of one's own"],
    ["{id: v, type: vllm, error_texts: true}", "no mistake"],
    ["{id: o, type: openai, base_url: 'http://h/v1', error_texts: true}", "no mistake"],
  ])("%s: %s", (provider, problem) => {
    expect(mistakeOf(`providers: [${provider}]`)).toContain(problem);
  });
});

describe("inside an answer", () => {
  it.each(Object.entries(inBand))("field:A67 those of %s, too", async (server, answer) => {
    const text = `in the middle of ${server}`;
    await stack.advance(1_000);
    const before = lines(server).length;
    await stack.script({ [server]: () => answer(text) });
    await stack.call("stream", { model: `m-${server}`, prompt: "hi" } as never);
    expect(lines(server)[before]).toMatchObject({ text });
  });
});
