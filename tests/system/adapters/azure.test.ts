import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { mistakeOf } from "../../support/config-file.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import {
  chatStream,
  chatWhole,
  responsesStream,
  responsesWhole,
} from "../../support/wire-answers.ts";

// Azure's addresses, headers and verdicts: the newer address, and the dated one.

let stack: FieldStack;

beforeAll(async () => {
  const azure = (id: string, url: string, more: string): string =>
    `\n  - {id: ${id}, type: azure, base_url: "${url}", api_key_env: UP_KEY${more}}`;
  stack = await startFieldStack(
    ["v1", "preview", "dated", "gate"],
    (url) => `
providers:${azure("v1", `${url("v1")}/openai/v1`, "")}${azure("preview", `${url("preview")}/openai/v1`, ", api_version: preview")}${azure("dated", `${url("dated")}/openai`, ", api_version: 2024-10-21")}${azure("gate", `${url("gate")}/team/azure`, ", api_version: 2024-10-21")}
models:
  - {id: m-v1, provider: v1, provider_model: "my deploy/1"}
  - {id: m-preview, provider: preview, provider_model: d}
  - {id: m-dated, provider: dated, provider_model: "my deploy/1", efforts: [low, high]}
  - {id: r-dated, provider: dated, provider_model: d, api: responses}
  - {id: r-v1, provider: v1, provider_model: d, api: responses}
  - {id: m-gate, provider: gate, provider_model: d}
`,
  );
});

afterAll(() => stack?.[Symbol.asyncDispose]());

const message = {
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "ok" }],
};
const chat: Answer = ({ stream }) =>
  stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });
const responses: Answer = ({ stream }) =>
  stream === true ? responsesStream([message]) : responsesWhole([message]);

describe.each(MODES)("%s", (mode) => {
  it.each([
    ["m-v1", "v1", chat, "/openai/v1/chat/completions"],
    ["r-v1", "v1", responses, "/openai/v1/responses"],
    ["m-preview", "preview", chat, "/openai/v1/chat/completions?api-version=preview"],
    [
      "m-dated",
      "dated",
      chat,
      "/openai/deployments/my%20deploy%2F1/chat/completions?api-version=2024-10-21",
    ],
    ["r-dated", "dated", responses, "/openai/responses?api-version=2024-10-21"],
    ["m-gate", "gate", chat, "/team/azure/deployments/d/chat/completions?api-version=2024-10-21"],
  ] as const)("%s is called where its deployment is", async (model, server, answer, path) => {
    await stack.script({ [server]: answer });
    const end = await stack.call(mode, {
      model,
      prompt: "hi",
      sampling: { maxOutputTokens: 9 },
    } as never);
    expect(end.generation?.outputText).toBe("ok");
    expect(end.warnings).toEqual([]);
    expect(stack.paths(server)).toEqual([path]);
    const [headers] = stack.headers(server);
    expect(headers?.["api-key"]).toBe("secret-key");
    expect(headers?.authorization).toBeUndefined();
    const sent = JSON.parse(stack.bodies(server)[0] ?? "null") as JsonObject;
    expect(sent["max_completion_tokens"] ?? sent["max_output_tokens"]).toBe(9);
    expect(sent).not.toHaveProperty("max_tokens");
  });

  it("a prompt that the content filter refuses says nothing of the target", async () => {
    const refused: Answer = () => ({
      status: 400,
      body: {
        error: {
          message: "The response was filtered due to the prompt.",
          code: "content_filter",
          param: "prompt",
          innererror: {
            code: "ResponsibleAIPolicyViolation",
            content_filter_result: { hate: { filtered: true, severity: "high" } },
          },
        },
      },
    });
    await stack.script({ v1: refused });
    const end = await stack.call(mode, { model: "m-v1", prompt: "bad" } as never);
    expect(end.attempts).toEqual(["v1/m-v1 FAILED CONTENT_FILTER"]);
    await stack.script({ v1: chat });
    const after = await stack.call(mode, { model: "m-v1", prompt: "hi" } as never);
    expect(after.generation?.outputText).toBe("ok");
  });
});

describe("the file", () => {
  const provider = (fields: string): string =>
    mistakeOf(`providers: [{id: a, type: azure, ${fields}}]`);

  it.each([
    ["enabled: true", "base_url: is missing: write https://RESOURCE.openai.azure.com/openai/v1"],
    ["base_url: 'https://r.openai.azure.com'", "write https://r.openai.azure.com/openai/v1, or"],
    ["base_url: 'https://r.openai.azure.com/openai'", "api_version: is missing"],
    [
      "base_url: 'https://r.openai.azure.com/openai/deployments/d'",
      "names a deployment, which is the provider_model of a model: write https://r.openai.azure.com/openai",
    ],
    [
      "base_url: 'https://r.openai.azure.com/openai/deployments/d/chat/completions'",
      "names a deployment",
    ],
    ["base_url: 'https://r.openai.azure.com/openai/v1/responses'", "ends with the endpoint"],
    [
      "base_url: 'https://r.openai.azure.com/openai', api_version: 'a b'",
      "must be a version such as",
    ],
  ])("%s: %s", (fields, problem) => {
    expect(provider(fields)).toContain(problem);
  });

  it("has an API version for Azure alone", () => {
    expect(mistakeOf("providers: [{id: o, type: openai, api_version: '2024-10-21'}]")).toContain(
      "api_version: says nothing of the type openai",
    );
  });
});
