import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import type { Spec } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import { chatStream, chatWhole } from "../../support/wire-answers.ts";

// A prompt that a safety system refuses: what one caller sends says nothing of the target.

let stack: FieldStack;

beforeAll(async () => {
  stack = await startFieldStack(
    ["one", "two"],
    (url) => `
providers:
  - {id: one, type: openai, base_url: "${url("one")}/v1", api_key_env: UP_KEY}
  - {id: two, type: openai, base_url: "${url("two")}/v1", api_key_env: UP_KEY}
models:
  - {id: m, provider: one}
  - {id: m, provider: two}
  - {id: lenient, provider: one, failover_on_content_filter: true} # because: it is what is tested
  - {id: q, provider: two}
`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

const serves: Answer = ({ stream }) =>
  stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });

/** Only what is marked is refused. */
const moderates =
  (status: number, error: unknown): Answer =>
  (body) =>
    JSON.stringify(body).includes("FLAGGED") ? { status, body: { error } } : serves(body);

const OPENROUTER = {
  code: 403,
  message: 'x requires moderation. Your input was flagged for "violence".',
  metadata: { reasons: ["violence"], flagged_input: "..." },
};

/** Answers of vendors and servers that refuse a prompt. */
const VERDICTS: readonly (readonly [string, number, unknown])[] = [
  ["OpenRouter", 403, OPENROUTER],
  ["OpenRouter, by its metadata alone", 403, { message: "x", metadata: OPENROUTER.metadata }],
  ["OpenRouter, by its text alone", 403, { code: 403, message: OPENROUTER.message }],
  [
    "Azure",
    400,
    {
      message: "The response was filtered",
      innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: {} },
    },
  ],
  ["OpenAI's images", 400, { message: "Your request was rejected by our safety system." }],
  ["OpenAI's usage policy", 400, { message: "Your prompt was flagged as violating our policy" }],
  ["DashScope", 400, { code: "data_inspection_failed", message: "x" }],
  ["DashScope, by its text", 400, { message: "Input data may contain inappropriate content." }],
  ["DeepSeek", 400, { message: "Content Exists Risk", type: "invalid_request_error" }],
  ["Moonshot", 400, { message: "x", type: "content_filter" }],
  ["a server that says 422", 422, { message: "blocked by content moderation" }],
];

/** Answers that only sound so. */
const OTHERS: readonly (readonly [string, number, unknown, string])[] = [
  [
    "an account",
    403,
    { message: "Your account was flagged for unusual activity" },
    "PROVIDER_PERMISSION",
  ],
  [
    "an organization",
    403,
    { message: "The organization violates our usage policies" },
    "PROVIDER_PERMISSION",
  ],
  ["a firewall", 403, { message: "Sorry, you have been blocked" }, "PROVIDER_PERMISSION"],
  ["a plain 403", 403, { message: "x" }, "PROVIDER_PERMISSION"],
  ["a field", 400, { message: "Unknown parameter: content_filter" }, "VALIDATION"],
  [
    "metadata without a verdict",
    400,
    { message: "x", metadata: { provider_name: "P" } },
    "VALIDATION",
  ],
  [
    "metadata of a full server",
    503,
    { message: "x", metadata: { reasons: ["load"] } },
    "SERVER_ERROR",
  ],
];

const spec = (model: string, prompt: string, more: Spec = {}): Spec =>
  ({ model, prompt, ...more }) as Spec;
const attemptOnce = { retry: { maxAttempts: 1, maxTotalAttempts: 1 } };

describe.each(MODES)("%s", (mode) => {
  it.each(VERDICTS)(
    "field:E19 a flagged prompt ends its call, and nobody else's target: %s",
    async (_name, status, error) => {
      await stack.script({ one: moderates(status, error), two: serves });
      const flagged = await stack.call(mode, spec("m", "FLAGGED"));
      expect(flagged.attempts).toEqual(["one/m FAILED CONTENT_FILTER"]);
      expect(flagged.error).toMatchObject({
        reason: "CONTENT_FILTERED",
        retryable: false,
        code: 3,
      });
      expect(stack.requests("two")).toBe(0);
      const other = await stack.call(mode, spec("m", "hi"));
      expect(other.attempts).toEqual(["one/m SUCCEEDED"]);
    },
  );

  it.each(OTHERS)("field:E19 is no verdict: %s", async (_name, status, error, category) => {
    await stack.script({ one: moderates(status, error), two: serves });
    const end = await stack.call(mode, spec("m", "FLAGGED", attemptOnce));
    expect(end.attempts[0]).toBe(`one/m FAILED ${category}`);
  });

  it("field:E19 leads on where the operator allows it for the model, within the attempts", async () => {
    await stack.script({ one: moderates(403, OPENROUTER), two: serves });
    const fallbacks = [{ model: "q" }];
    const end = await stack.call(
      mode,
      spec("lenient", "FLAGGED", { routing: { fallbacks } } as Spec),
    );
    expect(end.attempts).toEqual(["one/lenient FAILED CONTENT_FILTER", "two/q SUCCEEDED"]);
    const last = await stack.call(
      mode,
      spec("lenient", "FLAGGED", { routing: { fallbacks }, ...attemptOnce } as Spec),
    );
    expect(last.error?.reason).toBe("CONTENT_FILTERED");
  });

  it("field:E19 the caller's failover_on does not widen it, and narrows it", async () => {
    await stack.script({ one: moderates(403, OPENROUTER), two: serves });
    const routing = (failoverOn: readonly ErrorCategory[]) =>
      ({ routing: { fallbacks: [{ model: "q" }], failoverOn } }) as unknown as Spec;
    const wished = routing([ErrorCategory.CONTENT_FILTER]);
    expect((await stack.call(mode, spec("m", "FLAGGED", wished))).attempts).toHaveLength(1);
    const narrowed = routing([ErrorCategory.SERVER_ERROR]);
    expect((await stack.call(mode, spec("lenient", "FLAGGED", narrowed))).attempts).toHaveLength(1);
  });
});
