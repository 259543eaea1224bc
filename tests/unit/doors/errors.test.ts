import { describe, expect, it } from "vitest";
import { ERROR_KINDS } from "../../../src/domain/error-table.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { anthropicRefusal } from "../../../src/doors/shared/anthropic-error.ts";
import { openAiRefusal } from "../../../src/doors/shared/openai-error.ts";

describe("errors at the doors", () => {
  it.each(ERROR_KINDS)("%s is a status of HTTP with the dialect's body", (kind) => {
    const error = new GatewayError(kind, "what happened", {
      violations: [{ field: "spec.messages[1]", description: "is wrong" }],
    });
    const openai = openAiRefusal(error);
    expect(openai.status).toBeGreaterThanOrEqual(400);
    expect(openai.body).toEqual({
      error: {
        message: "what happened",
        type: expect.any(String),
        param: "messages[1]",
        code: kind === "validation" ? null : expect.any(String),
      },
    });
    const anthropic = anthropicRefusal(error, "req_1");
    expect(anthropic.body).toMatchObject({
      type: "error",
      error: { message: "what happened" },
      request_id: "req_1",
    });
    const isOverloaded = kind === "gateway-overloaded" || kind === "provider-overloaded";
    expect(anthropic.status).toBe(isOverloaded ? 529 : openai.status);
  });

  it.each([
    ["validation", 400, "invalid_request_error", null],
    ["context-length", 400, "invalid_request_error", "context_length_exceeded"],
    ["unauthenticated", 401, "authentication_error", "invalid_api_key"],
    ["permission-denied", 403, "permission_error", "permission_denied"],
    ["not-found", 404, "invalid_request_error", "model_not_found"],
    ["conflict", 409, "invalid_request_error", "conflict"],
    ["rate-limit", 429, "rate_limit_error", "rate_limit_exceeded"],
    ["quota", 429, "insufficient_quota", "insufficient_quota"],
    ["internal", 500, "server_error", "internal"],
    ["server-error", 503, "server_error", "server_error"],
    ["total-timeout", 504, "server_error", "total_timeout"],
  ] as const)("%s is %i, %s, %s for OpenAI's clients", (kind, status, type, code) => {
    const refusal = openAiRefusal(new GatewayError(kind, "no"));
    expect([refusal.status, refusal.body["error"]]).toMatchObject([status, { type, code }]);
  });

  it.each([
    ["validation", 400, "invalid_request_error"],
    ["unauthenticated", 401, "authentication_error"],
    ["permission-denied", 403, "permission_error"],
    ["not-found", 404, "not_found_error"],
    ["rate-limit", 429, "rate_limit_error"],
    ["provider-overloaded", 529, "overloaded_error"],
    ["total-timeout", 504, "timeout_error"],
    ["internal", 500, "api_error"],
  ] as const)("%s is %i, %s for Anthropic's clients", (kind, status, type) => {
    const refusal = anthropicRefusal(new GatewayError(kind, "no"), "req_1");
    expect([refusal.status, refusal.body["error"]]).toMatchObject([status, { type }]);
  });

  it.each([
    ["rate-limit", 1_500, { "retry-after": "2", "retry-after-ms": "1500" }],
    // Some clients wait however long they are told to.
    ["rate-limit", 3_600_000, { "retry-after": "60", "retry-after-ms": "60000" }],
    ["rate-limit", undefined, {}],
    ["quota", 1_000, { "x-should-retry": "false" }],
    // The gateway has repeated the call already.
    ["server-error", undefined, { "x-should-retry": "false" }],
    ["validation", undefined, { "x-should-retry": "false" }],
  ] as const)("%s with a wait of %s says %o", (kind, retryAfterMs, headers) => {
    const options = retryAfterMs === undefined ? {} : { retryAfterMs };
    expect(openAiRefusal(new GatewayError(kind, "no", options)).headers).toEqual(headers);
  });
});
