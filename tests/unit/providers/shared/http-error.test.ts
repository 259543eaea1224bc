import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import type { ErrorKind } from "../../../../src/domain/gateway-error.ts";
import { openai } from "../../../../src/providers/openai/provider.ts";
import type { ProviderType } from "../../../../src/providers/provider.ts";
import { xai } from "../../../../src/providers/xai/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { type HttpUpstream, startHttpUpstream } from "../../../support/http-upstream.ts";
import { testInstance, testModel, testRequest } from "../../../support/provider-request.ts";

const context = { clock: systemClock, allowFaults: false };
const SECRET = "the secret prompt text";

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

const surfaces: [string, ProviderType, string, boolean][] = [
  ["openai chat, unary", openai, "chat", false],
  ["openai chat, stream", openai, "chat", true],
  ["openai responses, unary", openai, "responses", false],
  ["openai responses, stream", openai, "responses", true],
  ["xai, unary", xai, "chat", false],
  ["xai, stream", xai, "chat", true],
];

let answer: Answer = { status: 200 };
let upstream: HttpUpstream;

beforeAll(async () => {
  upstream = await startHttpUpstream(({ response }) => {
    const { status, headers = {}, body = "" } = answer;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
  });
});

afterAll(() => upstream[Symbol.asyncDispose]());

async function failure(
  type: ProviderType,
  dialect: string,
  stream: boolean,
  baseUrl: string,
): Promise<unknown> {
  const provider = await type.create(testInstance({ baseUrl }), context);
  const request = testRequest({ model: testModel({ dialect }), stream });
  const { error } = await collectEvents(provider.generate(request, new AbortController().signal));
  await provider.close();
  return error;
}

const error = (fields: Record<string, unknown>) => ({ error: { message: SECRET, ...fields } });

const rows: [string, Answer, ErrorKind][] = [
  [
    "401",
    { status: 401, body: error({ type: "invalid_request_error" }) },
    "provider-authentication",
  ],
  [
    "authentication_error",
    { status: 400, body: error({ type: "authentication_error" }) },
    "provider-authentication",
  ],
  ["403", { status: 403, body: error({}) }, "provider-permission"],
  [
    "permission_error",
    { status: 400, body: error({ type: "permission_error" }) },
    "provider-permission",
  ],
  ["402", { status: 402, body: error({ type: "billing_error" }) }, "quota"],
  ["429 insufficient_quota", { status: 429, body: error({ type: "insufficient_quota" }) }, "quota"],
  [
    "429 project_spend_limit_exceeded",
    { status: 429, body: error({ code: "project_spend_limit_exceeded" }) },
    "quota",
  ],
  [
    "400 low credit",
    { status: 400, body: error({ message: "Your credit balance is too low." }) },
    "quota",
  ],
  [
    "429",
    { status: 429, body: error({ type: "requests", code: "rate_limit_exceeded" }) },
    "rate-limit",
  ],
  ["429 without a body", { status: 429 }, "rate-limit"],
  ["503 slow_down", { status: 503, body: error({ code: "slow_down" }) }, "rate-limit"],
  ["529", { status: 529, body: error({ type: "overloaded_error" }) }, "provider-overloaded"],
  [
    "503 server_is_overloaded",
    { status: 503, body: error({ code: "server_is_overloaded" }) },
    "provider-overloaded",
  ],
  [
    "400 context_length_exceeded",
    { status: 400, body: error({ code: "context_length_exceeded" }) },
    "context-length",
  ],
  [
    "400 context length in the text only",
    {
      status: 400,
      body: error({ message: "This model's maximum context length is 8 tokens.", code: 400 }),
    },
    "context-length",
  ],
  [
    "422 prompt is too long",
    { status: 422, body: { detail: "prompt is too long: 9 tokens" } },
    "context-length",
  ],
  [
    "413",
    { status: 413, headers: { "content-type": "text/html" }, body: "<html></html>" },
    "context-length",
  ],
  [
    "400 content_policy_violation",
    { status: 400, body: error({ code: "content_policy_violation" }) },
    "content-filter",
  ],
  ["404", { status: 404, body: error({}) }, "not-found"],
  ["403 model_not_found", { status: 403, body: error({ code: "model_not_found" }) }, "not-found"],
  ["409", { status: 409, body: error({}) }, "server-error"],
  [
    "400 unsupported_parameter",
    { status: 400, body: error({ code: "unsupported_parameter", param: "max_tokens" }) },
    "validation",
  ],
  [
    "400 flat",
    { status: 400, body: { object: "error", message: SECRET, code: 400 } },
    "validation",
  ],
  ["400 in an array", { status: 400, body: [error({ code: "unsupported_value" })] }, "validation"],
  ["410", { status: 410, body: SECRET }, "not-found"],
  ["451", { status: 451, body: SECRET }, "provider-permission"],
  ...[405, 415, 418, 422].map((status): [string, Answer, ErrorKind] => [
    String(status),
    { status, body: SECRET },
    "validation",
  ]),
  ...[408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524].map(
    (status): [string, Answer, ErrorKind] => [
      String(status),
      { status, headers: { "content-type": "text/html" }, body: `<html>${SECRET}</html>` },
      "server-error",
    ],
  ),
  [
    "an error inside HTTP 200",
    { status: 200, body: error({ code: "server_is_overloaded" }) },
    "provider-overloaded",
  ],
  [
    "an untyped error inside HTTP 200",
    { status: 200, body: { error: "Please try again later" } },
    "rate-limit",
  ],
  ["an unknown error inside HTTP 200", { status: 200, body: { error: "what" } }, "unknown"],
  ["a body that is not JSON", { status: 200, body: `{"${SECRET}` }, "protocol"],
  ["an empty body", { status: 200, body: "" }, "protocol"],
  [
    "a page with HTTP 200",
    { status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
    "protocol",
  ],
  ["a redirect", { status: 307, headers: { location: "/elsewhere" } }, "unknown"],
];

describe.each(surfaces)("%s", (_surface, type, dialect, stream) => {
  it.each(rows)("says what %s means", async (_row, given, kind) => {
    answer = given;
    const error = await failure(type, dialect, stream, upstream.baseUrl);
    expect(error).toMatchObject({ name: "GatewayError", kind });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain(SECRET);
  });

  it("sends one request and keeps codes and identifiers", async () => {
    answer = {
      status: 400,
      headers: { "x-request-id": "req_7", "x-should-retry": "true" },
      body: error({ code: "unsupported_value", param: "temperature" }),
    };
    const before = upstream.seen.length;
    const thrown = await failure(type, dialect, stream, upstream.baseUrl);
    expect(upstream.seen.length - before).toBe(1);
    expect(thrown).toMatchObject({
      message: "the provider answered with HTTP 400 (unsupported_value, param temperature)",
      providerFailure: {
        httpStatus: 400,
        code: "unsupported_value",
        requestId: "req_7",
        shouldRetry: true,
      },
      metadata: {
        http_status: "400",
        provider_code: "unsupported_value",
        provider_param: "temperature",
      },
    });
  });

  it("takes no sentence for a code", async () => {
    answer = { status: 400, body: error({ code: SECRET, type: SECRET, param: SECRET }) };
    const thrown = await failure(type, dialect, stream, upstream.baseUrl);
    expect(thrown).toMatchObject({ kind: "validation", providerFailure: { httpStatus: 400 } });
    expect(JSON.stringify(thrown)).not.toContain(SECRET);
  });
});
