import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import { type AdapterStack, startAdapterStack } from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { ONE_ATTEMPT } from "../../support/reset-circuits.ts";
import { jsonText, type WireAnswer } from "../../support/wire-answers.ts";

// Errors of compatible servers by what they say: statuses, types, words, and the form they come in.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const C = ErrorCategory;
const once = { retry: ONE_ATTEMPT };

const error = (fields: object, status = 400): WireAnswer => ({ status, body: { error: fields } });
const text = (message: string, status = 400): WireAnswer =>
  error({ message, type: "invalid_request_error", param: null, code: null }, status);

const ERRORS: readonly (readonly [string, WireAnswer, ErrorCategory])[] = [
  [
    "field:A63 Ollama's one type for all",
    error({ message: "Unauthorized", type: "api_error", param: null, code: null }, 401),
    C.PROVIDER_AUTHENTICATION,
  ],
  [
    "field:A63 the same with another status",
    error({ message: "model 'x' not found", type: "api_error", param: null, code: null }, 404),
    C.NOT_FOUND,
  ],
  [
    "field:A63 a server's failure that calls itself a bad request",
    error({ message: "boom", type: "invalid_request_error" }, 500),
    C.SERVER_ERROR,
  ],
  [
    "field:A63 a rate limit that calls itself a server's failure",
    error({ message: "slow down", type: "server_error" }, 429),
    C.RATE_LIMIT,
  ],
  [
    "field:A64 llama.cpp",
    error({
      code: 400,
      message:
        "request (2009 tokens) exceeds the available context size (512 tokens), try increasing it",
      type: "exceed_context_size_error",
      n_prompt_tokens: 2009,
      n_ctx: 512,
    }),
    C.CONTEXT_LENGTH,
  ],
  [
    "field:A64 llama.cpp by its type alone",
    error({ code: 400, message: "no", type: "exceed_context_size_error" }),
    C.CONTEXT_LENGTH,
  ],
  [
    "field:A64 llama.cpp by its words alone",
    text("request (2009 tokens) exceeds the available context size (512 tokens)"),
    C.CONTEXT_LENGTH,
  ],
  [
    "field:A65 Ollama",
    text("prompt too long; exceeded max context length by 1119046 tokens"),
    C.CONTEXT_LENGTH,
  ],
  [
    "SGLang",
    text("The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
    C.CONTEXT_LENGTH,
  ],
  [
    "Text Generation Inference",
    {
      status: 422,
      body: {
        error:
          "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
        error_type: "validation",
      },
    },
    C.CONTEXT_LENGTH,
  ],
  [
    "LM Studio",
    text(
      "The number of tokens to keep from the initial prompt is greater than the context length.",
    ),
    C.CONTEXT_LENGTH,
  ],
  [
    "Mistral",
    error({ message: "Invalid model: x", type: "invalid_model", code: "1500" }),
    C.NOT_FOUND,
  ],
  [
    "Mistral without an object around it",
    {
      status: 400,
      body: { object: "error", message: "Invalid model: x", type: "invalid_model", code: "1500" },
    },
    C.NOT_FOUND,
  ],
  [
    "a model by words alone, Fireworks",
    text("Model not found, inaccessible, and/or not deployed"),
    C.NOT_FOUND,
  ],
  ["a model by words alone, OpenRouter", text("x/y is not a valid model ID"), C.NOT_FOUND],
  [
    "a prompt that a filter refused, 403",
    text("Your prompt was flagged by our moderation", 403),
    C.CONTENT_FILTER,
  ],
  [
    "a list around the error, Gemini",
    {
      status: 400,
      body: [
        {
          error: {
            code: 400,
            message: "API key not valid. Please pass a valid API key.",
            status: "INVALID_ARGUMENT",
          },
        },
      ],
    },
    C.PROVIDER_AUTHENTICATION,
  ],
  [
    "a page in place of an error",
    {
      status: 403,
      headers: { "content-type": "text/html" },
      body: "<html><h1>Forbidden</h1></html>",
    },
    C.PROVIDER_PERMISSION,
  ],
  [
    "a page of a proxy",
    { status: 502, headers: { "content-type": "text/html" }, body: "<html>Bad gateway</html>" },
    C.SERVER_ERROR,
  ],
];

describe.each(MODES)("%s", (mode) => {
  it.each(ERRORS)("%s", async (_name, answer, category) => {
    const end = await stack.call(mode, "chat", () => answer, once);
    expect(end.error?.category).toBe(category);
  });

  it("field:A67 a code that repeats the status gives way to the type", async () => {
    for (const code of [400, "400"]) {
      const answer = error({ code, message: "no", type: "bad_grammar_error" });
      const end = await stack.call(mode, "chat", () => answer, once);
      expect(end.error?.message).toContain("HTTP 400 (bad_grammar_error)");
      expect(end.error?.attempts[0]?.providerErrorCode).toBe("bad_grammar_error");
    }
    // Another number says more than the status.
    const other = error({ code: 1500, message: "no", type: "bad_grammar_error" });
    const end = await stack.call(mode, "chat", () => other, once);
    expect(end.error?.attempts[0]?.providerErrorCode).toBe("1500");
    const bare = await stack.call(mode, "chat", () => error({ code: 400, message: "no" }), once);
    expect(bare.error?.attempts[0]?.providerErrorCode).toBe("");
  });

  it("a list with an error in an answer of HTTP 200", async () => {
    const body = JSON.stringify([
      { error: { code: 429, message: "slow", status: "RESOURCE_EXHAUSTED" } },
    ]);
    const end = await stack.call(mode, "chat", () => jsonText(body), once);
    expect(end.error?.category).toBe(C.RATE_LIMIT);
  });
});

describe("errors inside a stream", () => {
  const par = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "par" } }] })}\n\n`;

  it.each([
    [
      "field:A66 llama.cpp: a field of its own",
      'error: {"code":500,"message":"failed to decode","type":"server_error"}\n\n',
      C.SERVER_ERROR,
    ],
    [
      "field:A66 the same before its end, with an object around it",
      'error:{"error":{"code":400,"message":"x exceeds the available context size","type":"exceed_context_size_error"}}\n',
      C.CONTEXT_LENGTH,
    ],
    ["field:A66 with words alone", "error: the server is overloaded\n\n", C.PROVIDER_OVERLOADED],
    [
      "a line that is no event",
      '{"error":{"message":"slow down","type":"rate_limit_error"}}\n\n',
      C.RATE_LIMIT,
    ],
    [
      "a list in an event",
      'data: [{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]\n\n',
      C.PROVIDER_OVERLOADED,
    ],
    [
      "an event of its own",
      'event: error\ndata: {"message":"slow down","type":"rate_limit_error"}\n\n',
      C.RATE_LIMIT,
    ],
    ["words in an event of its own", "event: error\ndata: overloaded\n\n", C.PROVIDER_OVERLOADED],
  ])("%s", async (_name, event, category) => {
    for (const before of [par, ""]) {
      const end = await stack.call("stream", "chat", () => ({ body: `${before}${event}` }), once);
      expect(end.error?.category).toBe(category);
    }
  });

  it("other fields are passed over", async () => {
    const body = `id: 1\nretry: 5\nfoo: {"error":1}\nbar\n${par}data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
    const end = await stack.call("stream", "chat", () => ({ body }), once);
    expect(end.generation?.outputText).toBe("par");
  });
});

describe("a prompt that is refused says nothing of the target", () => {
  it("one refusal by 403, and the next call is served by the same target", async () => {
    let isFirst = true;
    const answer = () => {
      const refused = isFirst;
      isFirst = false;
      if (refused) return text("Content violates usage guidelines. Failed check: SAFETY", 403);
      return {
        body: { choices: [{ index: 0, message: { content: "ok" }, finish_reason: "stop" }] },
      };
    };
    const first = await stack.call("unary", "chat", answer, once);
    expect(first.error?.category).toBe(C.CONTENT_FILTER);
    const next = await stack.field.call("unary", { model: "m-chat", prompt: "hi" } as never);
    expect(next.attempts).toEqual(["chat/m-chat SUCCEEDED"]);
  });
});
