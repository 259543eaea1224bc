import { describe, expect, it } from "vitest";
import { startFieldStack } from "../../support/field-stack.ts";
import { chatWhole, messagesWhole, responsesWhole } from "../../support/wire-answers.ts";

// Addresses of instances, with the mistakes that operators make.

const message = {
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "ok" }],
};
const ANSWERS = {
  openai: chatWhole({ content: "ok" }),
  xai: chatWhole({ content: "ok" }),
  anthropic: messagesWhole([{ type: "text", text: "ok" }]),
  responses: responsesWhole([message]),
};
type Api = keyof typeof ANSWERS;

const start = (api: Api, path: string) =>
  startFieldStack(["up"], (url) => {
    const type = api === "responses" ? "openai, api: responses" : api;
    return `
providers: [{id: up, type: ${type}, base_url: "${url("up")}${path}", api_key_env: UP_KEY}]
models: [{id: m, provider: up}]
`;
  });

describe("an address that is a mistake stops the start, and says what to write", () => {
  it.each([
    [
      "field:A59",
      "openai",
      "",
      /base_url: has no path: write http:\/\/[\d.:]+\/v1, or http:\/\/[\d.:]+\/ for/,
    ],
    ["field:A59", "responses", "", /base_url: has no path/],
    ["field:A59", "xai", "", /base_url: has no path/],
    [
      "field:A60",
      "openai",
      "/v1/chat/completions",
      /ends with the endpoint \/chat\/completions.*\/v1$/m,
    ],
    ["field:A60", "openai", "/v1/chat/completions/", /ends with the endpoint \/chat\/completions/],
    ["field:A60", "responses", "/v1/responses", /ends with the endpoint \/responses.*\/v1$/m],
    [
      "field:A60",
      "openai",
      "/openai/v1/completions",
      /ends with.*write http:\/\/[\d.:]+\/openai\/v1$/m,
    ],
    ["field:A60", "anthropic", "/v1/messages", /ends with the endpoint \/messages/],
    ["doubled", "openai", "/v1/v1", /has \/v1 twice: write http:\/\/[\d.:]+\/v1$/m],
    ["doubled", "anthropic", "/v1/v1/", /has \/v1 twice/],
    ["a query", "openai", "/v1?api-version=1", /without credentials, query or fragment/],
  ] as const)("%s: %s %s", async (_name, api, path, problem) => {
    await expect(start(api, path)).rejects.toThrow(problem);
  });
});

describe("an address that is none is used as it is", () => {
  it.each([
    ["openai", "/v1", "/v1/chat/completions"],
    ["openai", "/v1/", "/v1/chat/completions"],
    ["openai", "/", "/chat/completions"],
    ["openai", "/openai", "/openai/chat/completions"],
    ["openai", "/v1/models/x", "/v1/models/x/chat/completions"],
    ["responses", "/v1", "/v1/responses"],
    ["anthropic", "", "/v1/messages"],
    ["anthropic", "/", "/v1/messages"],
    ["anthropic", "/v1", "/v1/messages"],
    ["anthropic", "/anthropic", "/anthropic/v1/messages"],
  ] as const)("%s %s", async (api, path, endpoint) => {
    await using stack = await start(api, path);
    await stack.script({ up: () => ANSWERS[api] });
    const end = await stack.call("unary", { model: "m", prompt: "hi" } as never);
    expect(end.generation?.outputText).toBe("ok");
    expect(stack.paths("up")).toEqual([endpoint]);
  });
});
