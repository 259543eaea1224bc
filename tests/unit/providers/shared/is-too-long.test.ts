import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { errorRules as anthropic } from "../../../../src/providers/anthropic/errors.ts";
import { toHttpError, toInBandError } from "../../../../src/providers/shared/http-error.ts";
import { openAiErrorRules as openai } from "../../../../src/providers/shared/openai-error-rules.ts";
import { errorRules as xai } from "../../../../src/providers/xai/errors.ts";

/** What servers answer to a request that is too long: the server, its status, its body. */
const TOO_LONG: readonly (readonly [string, number, unknown])[] = [
  [
    "field:A64 llama.cpp",
    400,
    {
      error: {
        code: 400,
        message:
          "request (2009 tokens) exceeds the available context size (512 tokens), try increasing it",
        type: "exceed_context_size_error",
        n_prompt_tokens: 2009,
        n_ctx: 512,
      },
    },
  ],
  [
    "llama.cpp, by its type alone",
    400,
    { error: { code: 400, message: "x", type: "exceed_context_size_error" } },
  ],
  [
    "llama.cpp, older",
    400,
    {
      error: {
        code: 400,
        message: "the request exceeds the available context size. try increasing the context size",
        type: "invalid_request_error",
      },
    },
  ],
  [
    "llama.cpp while it writes",
    500,
    { error: { code: 500, message: "Context size has been exceeded.", type: "server_error" } },
  ],
  [
    "llama-cpp-python",
    400,
    { error: { message: "Requested tokens (9000) exceed context window of 2048", code: null } },
  ],
  [
    "field:A65 Ollama",
    400,
    {
      error: {
        message: "prompt too long; exceeded max context length by 1119046 tokens",
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    },
  ],
  ["Ollama, untyped", 500, { error: "the input length exceeds the context length" }],
  [
    "vLLM",
    400,
    {
      object: "error",
      message:
        "This model's maximum context length is 16384 tokens. However, you requested 19591 tokens (9591 in the messages, 10000 in the completion).",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
  ],
  [
    "vLLM, the prompt alone",
    400,
    {
      object: "error",
      message:
        "The decoder prompt (length 10127) is longer than the maximum model length of 8192. Make sure that `max_model_len` is no smaller than the number of text tokens.",
      type: "BadRequestError",
      code: 400,
    },
  ],
  [
    "vLLM, with the output",
    400,
    {
      error: {
        message:
          "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum context length is 4096 tokens and your request has 2778 input tokens (8000 > 4096 - 2778). None",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
    },
  ],
  [
    "SGLang",
    400,
    {
      object: "error",
      message: "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
      type: "BadRequestError",
      code: 400,
    },
  ],
  [
    "SGLang, by memory",
    400,
    {
      message:
        "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens). Use a shorter input or enable --allow-auto-truncate.",
    },
  ],
  [
    "Text Generation Inference, Together",
    422,
    {
      error:
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 32768. Given: 71508 `inputs` tokens and 0 `max_new_tokens`",
      error_type: "validation",
    },
  ],
  [
    "Text Generation Inference, the prompt alone",
    422,
    { error: "Input validation error: `inputs` must have less than 1024 tokens. Given: 1699" },
  ],
  [
    "LM Studio",
    400,
    {
      error:
        "Trying to keep the first 15857 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
    },
  ],
  [
    "LM Studio, MLX",
    400,
    {
      error:
        "The number of tokens to keep from the initial prompt is greater than the context length.",
    },
  ],
  [
    "xAI",
    400,
    {
      code: "Client specified an invalid argument",
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    },
  ],
  [
    "Gemini",
    400,
    [
      {
        error: {
          code: 400,
          message:
            "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
          status: "INVALID_ARGUMENT",
        },
      },
    ],
  ],
  [
    "Mistral",
    400,
    {
      object: "error",
      message:
        "Prompt contains 130000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      type: "invalid_request_error",
      code: 3051,
    },
  ],
  [
    "DeepSeek",
    400,
    {
      error: {
        message:
          "This model's maximum context length is 65536 tokens. However, you requested 70000.",
        type: "invalid_request_error",
        code: "invalid_request_error",
      },
    },
  ],
  [
    "Groq",
    400,
    {
      error: {
        message: "Please reduce the length of the messages or completion.",
        type: "invalid_request_error",
        param: "messages",
      },
    },
  ],
  [
    "Groq, larger than a minute's tokens",
    413,
    {
      error: {
        message:
          "Request too large for model `llama-3.1-8b-instant` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 12328, please reduce your message size and try again.",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
  ],
  [
    "OpenAI, larger than a minute's tokens",
    429,
    {
      error: {
        message:
          "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 342389. The input or output tokens must be reduced in order to run successfully.",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
  ],
  [
    "OpenAI, Responses",
    400,
    { error: { message: "Your input exceeds the context window of this model.", code: null } },
  ],
  [
    "Moonshot",
    400,
    { error: { message: "Your request exceeded model token limit: 131072 (requested: 140000)" } },
  ],
  ["Bedrock", 400, { message: "Input is too long for requested model." }],
  [
    "Anthropic",
    400,
    {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "input length and `max_tokens` exceed context limit: 190000 + 21333 > 200000",
      },
    },
  ],
];

/** What looks like it and is something else: a status, a text, the kind. */
const OTHERS: readonly (readonly [string, number, Record<string, unknown>, string])[] = [
  [
    "a limit of the output",
    400,
    { message: "max_tokens is too large: 100000. This model supports at most 16384." },
    "validation",
  ],
  ["a field", 400, { message: "unknown field context_length" }, "validation"],
  [
    "a minute that is used up",
    429,
    {
      message:
        "Rate limit reached for model `m` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try again in 4.77s.",
      code: "rate_limit_exceeded",
    },
    "rate-limit",
  ],
  ["a gateway's error", 502, { message: "Context size has been exceeded." }, "server-error"],
  ["a refused key", 401, { message: "maximum context length" }, "provider-authentication"],
];

describe("a request that is too long", () => {
  it.each(TOO_LONG)("is known by the words of %s", (_server, status, body) => {
    for (const rules of [openai, xai, anthropic]) {
      const whole = toHttpError(
        { status, headers: {}, body: JSON.stringify(body) },
        rules,
        systemClock,
      );
      expect(whole.kind).toBe("context-length");
      expect(toInBandError(body, {}, rules, systemClock).kind).toBe("context-length");
    }
  });

  it.each(OTHERS)("is not %s", (_what, status, error, kind) => {
    const body = JSON.stringify({ error });
    expect(toHttpError({ status, headers: {}, body }, openai, systemClock).kind).toBe(kind);
  });
});
