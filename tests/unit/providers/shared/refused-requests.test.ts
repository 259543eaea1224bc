// A refusal that is about one request, and one that is about the gateway's account or key.
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { toHttpError, toInBandError } from "../../../../src/providers/shared/http-error.ts";
import { openAiErrorRules } from "../../../../src/providers/shared/openai-error-rules.ts";
import { healthEffect, ruleOf } from "../../../../src/reliability/failure-rule.ts";

const NONE = { type: "none" };
const AFFORD = "This request requires more credits, or fewer max_tokens. You requested up to";

function answered(status: number, error: object) {
  return toHttpError(
    { status, headers: {}, body: JSON.stringify({ error }) },
    openAiErrorRules,
    systemClock,
  );
}

describe("402", () => {
  it.each([
    `${AFFORD} 65536 tokens, but can only afford 10114. To increase, visit https://openrouter.ai/settings/credits`,
    `${AFFORD} 4096 tokens, but can only afford 222.`,
    "Prompt tokens limit exceeded: 230799 > 91442. To increase, visit https://openrouter.ai/settings/keys",
  ])("is the request's: %s", (message) => {
    const failures = [
      answered(402, { code: 402, message, metadata: { provider_name: null } }),
      toInBandError({ error: { code: 402, message } }, {}, openAiErrorRules, systemClock),
    ];
    for (const failure of failures) {
      expect(failure).toMatchObject({ kind: "quota", providerFailure: { about: "request" } });
      expect(healthEffect(failure)).toEqual(NONE);
      expect(ruleOf(failure)).toMatchObject({ sameFirst: 0, sameAlone: 0, next: "any" });
    }
  });

  it.each([
    `${AFFORD} 32000 tokens, but can only afford 0.`,
    `${AFFORD} 32000 tokens, but can only afford -12.`,
    "Insufficient credits. Add more using https://openrouter.ai/credits",
    "Insufficient Balance",
    "",
  ])("is the account's: %s", (message) => {
    const failure = answered(402, { code: 402, message });
    expect(healthEffect(failure)).toEqual({ type: "out", scope: "instance", cause: "quota" });
    expect(ruleOf(failure).next).toBe("other-instance");
  });
});

describe("a refusal by a safety system", () => {
  it.each<[string, number, object]>([
    [
      "field:E19 OpenRouter",
      403,
      {
        code: 403,
        message: "x",
        metadata: { reasons: ["violence"], flagged_input: "...", provider_name: "p" },
      },
    ],
    ["OpenRouter without the input", 403, { message: "x", metadata: { reasons: ["hate"] } }],
    ["a guardrail", 403, { message: "Request blocked by guardrail: pii" }],
    ["Bedrock", 403, { message: "The guardrail has intervened" }],
    ["xAI", 403, { message: "Content violates usage guidelines." }],
    ["Gemini", 403, { message: "The prompt was blocked due to safety reasons" }],
    ["Gemini, prohibited", 400, { message: "Request blocked due to prohibited content" }],
    [
      "Anthropic",
      403,
      { type: "invalid_request_error", message: "Output blocked by content filtering policy" },
    ],
    [
      "Azure",
      400,
      {
        code: "content_filter",
        message: "x",
        innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: {} },
      },
    ],
    [
      "Azure with the results of several filters",
      403,
      { message: "x", innererror: { content_filter_results: { hate: { filtered: true } } } },
    ],
    ["a policy", 403, { message: "Your request violates our acceptable use policy" }],
    ["the terms", 403, { message: "The content violates our terms" }],
    ["a proxy", 403, { message: "Sensitive content detected" }],
  ])("says nothing of the target: %s", (_vendor, status, error) => {
    const failure = answered(status, error);
    expect(failure.kind).toBe("content-filter");
    expect(healthEffect(failure)).toEqual(NONE);
  });

  it.each<[string, string]>([
    ["Your organization was blocked for violating our usage policy", "provider-permission"],
    ["Your account has been suspended: content policy violations", "provider-permission"],
    ["Project p does not have access to content moderation", "provider-permission"],
    ["unsupported parameter: content_filter", "provider-permission"],
    ["The API key is invalid", "provider-authentication"],
    ["Forbidden", "provider-permission"],
  ])("is not this one: %s", (message, kind) => {
    const failure = answered(403, { message });
    expect(failure.kind).toBe(kind);
    expect(healthEffect(failure)).toMatchObject({ type: "out" });
  });
});
