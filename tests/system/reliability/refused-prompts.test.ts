// One caller's prompts are refused, in every way that vendors have for it: the calls of others beside them
// succeed at once, where they were sent to.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CircuitState } from "../../../gen/es/steer/admin/v1/admin_service_pb.js";
import type { Mode } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import {
  chatStream,
  chatWhole,
  jsonText,
  messagesStream,
  messagesWhole,
  namedEvents,
  responsesStream,
  responsesWhole,
  type WireAnswer,
} from "../../support/wire-answers.ts";

type Type = "chat" | "resp" | "ant" | "grok";

const INNOCENT = 100;
/** More than open a circuit. */
const REFUSED = 8;
/** What the prompt of a refused call has. */
const MARK = "a prompt that is refused";

let stack: FieldStack;

beforeAll(async () => {
  stack = await startFieldStack(
    ["chat", "resp", "ant", "grok", "spare"],
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: resp, type: openai, base_url: "${url("resp")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: ant, type: anthropic, base_url: "${url("ant")}", api_key_env: UP_KEY}
  - {id: grok, type: xai, base_url: "${url("grok")}/v1", api_key_env: UP_KEY}
  - {id: spare, type: openai, base_url: "${url("spare")}/v1", api_key_env: UP_KEY}
models:
  - {id: chat-m, provider: chat, fallbacks: [spare-m]}
  - {id: resp-m, provider: resp, fallbacks: [spare-m]}
  - {id: ant-m, provider: ant, fallbacks: [spare-m]}
  - {id: grok-m, provider: grok, fallbacks: [spare-m]}
  - {id: spare-m, provider: spare}
`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

const chat: Answer = ({ stream }) =>
  stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });
const said = [
  { type: "message", role: "assistant", content: [{ type: "output_text", text: "ok" }] },
];

const OK: Readonly<Record<Type, Answer>> = {
  chat,
  grok: chat,
  resp: ({ stream }) => (stream === true ? responsesStream(said) : responsesWhole(said)),
  ant: ({ stream }) =>
    stream === true ? messagesStream("ok") : messagesWhole([{ type: "text", text: "ok" }]),
};

const status =
  (code: number, error: unknown): Answer =>
  () => ({ status: code, body: { error } });
const body =
  (code: number, whole: unknown): Answer =>
  () => ({ status: code, body: whole });

/** An error inside of an answer that began well, whole or as a stream. */
const inBand =
  (error: object): Answer =>
  ({ stream }) =>
    stream === true ? { body: `data: ${JSON.stringify({ error })}\n\n` } : { body: { error } };

const ended =
  (whole: WireAnswer, stream: WireAnswer): Answer =>
  (request) =>
    request.stream === true ? stream : whole;

const FAILED = { error: { code: "invalid_prompt", message: "x" }, status: "failed" };
const REFUSAL = {
  type: "message",
  role: "assistant",
  content: [{ type: "refusal", refusal: "No." }],
};
const HTML = "<html><body>Request blocked</body></html>";

const WAYS: readonly (readonly [string, Type, Answer])[] = [
  ["OpenAI, invalid_prompt", "chat", status(400, { code: "invalid_prompt", message: "x" })],
  ["OpenAI, a policy", "resp", status(400, { code: "cyber_policy", message: "x" })],
  [
    "OpenAI, a policy's code",
    "chat",
    status(400, { code: "content_policy_violation", message: "x" }),
  ],
  [
    "OpenAI, a refusal",
    "chat",
    ended(chatWhole({ content: null, refusal: "No." }), chatStream({ refusal: "No." })),
  ],
  [
    "OpenAI, a finish reason",
    "chat",
    ended(
      chatWhole({ content: "" }, "content_filter"),
      chatStream({ content: "" }, "content_filter"),
    ),
  ],
  [
    "OpenAI, a failed response",
    "resp",
    ended(responsesWhole([], FAILED), responsesStream([], FAILED)),
  ],
  [
    "OpenAI, an incomplete response",
    "resp",
    (() => {
      const cut = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
      return ended(responsesWhole([], cut), responsesStream([], cut));
    })(),
  ],
  ["OpenAI, a refusing item", "resp", ended(responsesWhole([REFUSAL]), responsesStream([REFUSAL]))],
  ["OpenAI, in its stream", "chat", inBand({ code: "invalid_prompt", message: "x" })],
  [
    "Azure",
    "chat",
    status(400, {
      code: "content_filter",
      message: "x",
      innererror: { code: "ResponsibleAIPolicyViolation" },
    }),
  ],
  [
    "Azure, results alone",
    "chat",
    status(403, {
      message: "x",
      innererror: { content_filter_results: { hate: { filtered: true } } },
    }),
  ],
  [
    "field:E19 OpenRouter",
    "chat",
    status(403, {
      code: 403,
      message: "x",
      metadata: { reasons: ["violence"], flagged_input: "…" },
    }),
  ],
  ["a guardrail", "chat", status(403, { message: "Request blocked by guardrail: pii" })],
  [
    "DeepSeek",
    "chat",
    status(400, { message: "Content Exists Risk", type: "invalid_request_error" }),
  ],
  ["Alibaba", "chat", status(400, { code: "data_inspection_failed", message: "x" })],
  [
    "Moonshot",
    "chat",
    status(400, {
      message: "The request was rejected because it was considered high risk",
      type: "content_filter",
    }),
  ],
  [
    "Gemini, safety",
    "chat",
    ended(chatWhole({ content: "" }, "SAFETY"), chatStream({ content: "" }, "SAFETY")),
  ],
  [
    "Gemini, prohibited",
    "chat",
    status(400, { message: "Request blocked due to prohibited content" }),
  ],
  [
    "Anthropic, a stop reason",
    "ant",
    ended(messagesWhole([], "refusal"), messagesStream("", "refusal")),
  ],
  [
    "Anthropic, a refusal in words",
    "ant",
    ended(
      messagesWhole([{ type: "text", text: "I can" }], "refusal"),
      messagesStream("I can", "refusal"),
    ),
  ],
  [
    "Anthropic, an error",
    "ant",
    body(403, {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "Output blocked by content filtering policy",
      },
    }),
  ],
  [
    "Anthropic, in its stream",
    "ant",
    ended(
      {
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "Output blocked by content filtering policy",
          },
        },
      },
      namedEvents([
        {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "Output blocked by content filtering policy",
          },
        },
      ]),
    ),
  ],
  [
    "xAI",
    "grok",
    body(403, {
      code: "The caller does not have permission to execute the specified operation",
      error: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
    }),
  ],
  [
    "a request that is wrong",
    "chat",
    status(400, { message: "bad", type: "invalid_request_error" }),
  ],
  ["a request that no schema takes", "chat", status(422, { message: "extra_forbidden" })],
  ["a request that is too large", "chat", () => ({ ...jsonText(HTML), status: 413 })],
  [
    "a prompt that is too long",
    "chat",
    status(400, { code: "context_length_exceeded", message: "x" }),
  ],
  [
    "a prompt that is too long, at Anthropic",
    "ant",
    body(400, {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "prompt is too long: 250000 tokens > 200000 maximum",
      },
    }),
  ],
  [
    "field:E20 a request that costs too much",
    "chat",
    status(402, {
      code: 402,
      message:
        "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 10114.",
    }),
  ],
  ["reasons of law", "chat", status(451, { message: "Unavailable for legal reasons" })],
];

const refusedCall = (type: Type, mode: Mode) =>
  stack.call(mode, { model: `${type}-m`, prompt: MARK });

describe.each(MODES)("%s", (mode) => {
  it.each(WAYS)("%s", async (_name, type, refusal) => {
    const answer: Answer = (request) =>
      JSON.stringify(request).includes(MARK) ? refusal(request) : OK[type](request);
    await stack.script({ [type]: answer, spare: chat });
    const repeat = <T>(times: number, call: () => Promise<T>) =>
      Promise.all(Array.from({ length: times }, call));
    await repeat(REFUSED, () => refusedCall(type, mode));
    const [ends] = await Promise.all([
      repeat(INNOCENT, () => stack.call(mode, { model: `${type}-m`, prompt: "hello" })),
      repeat(REFUSED, () => refusedCall(type, mode)),
    ]);
    const seen = ends.map(({ generation, attempts, code }) =>
      [generation?.outputText ?? `failed with ${code}`, ...attempts].join(" "),
    );
    expect(new Set(seen)).toEqual(new Set([`ok ${type}/${type}-m SUCCEEDED`]));
    const { providers } = await stack.admin.getProviderStatus({});
    expect(providers[type]).toMatchObject({
      available: true,
      circuit: { state: CircuitState.CLOSED },
    });
  });
});
