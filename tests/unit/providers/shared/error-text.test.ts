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

/** The thirteen phrases of a rate limit. */
const RATE_LIMIT = [
  "rate limit",
  "too many requests",
  "quota exceeded",
  "too_many_requests",
  "rate_limit_exceeded",
  "throttled",
  "retry later",
  "request limit",
  "api limit",
  "usage limit",
  "limit reached",
  "exceeded quota",
  "try again later",
];

const LISTS: readonly (readonly [ErrorKind, readonly string[]])[] = [
  ["rate-limit", RATE_LIMIT],
  ["server-error", ["timeout", "timed out", "request timeout", "read timeout"]],
  [
    "provider-authentication",
    ["invalid api key", "authentication failed", "unauthorized", "invalid_api_key", "auth_error"],
  ],
  [
    "content-filter",
    ["content filter", "content_filter", "safety filter", "harmful content", "content policy"],
  ],
  ["server-error", ["server error", "internal error", "service unavailable", "server_error"]],
  ["provider-overloaded", ["engine_overloaded", "overloaded_error"]],
  ["validation", ["invalid request", "bad request", "validation error", "invalid_request"]],
  ["context-length", ["context_length_exceeded"]],
  [
    "network",
    [
      "connection error",
      "network error",
      "dns resolution",
      "connection refused",
      "connection_error",
      "connection reset by peer",
    ],
  ],
];

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

let answer: Answer = { status: 200, body: "" };
let upstream: HttpUpstream;

beforeAll(async () => {
  upstream = await startHttpUpstream(({ response }) => {
    const { status, type = "application/json", body } = answer;
    response.writeHead(status, { "content-type": type }).end(body);
  });
});

afterAll(() => upstream[Symbol.asyncDispose]());

async function kindOf(given: Answer, type: ProviderType, stream: boolean): Promise<string> {
  answer = given;
  const provider = await type.create(testInstance({ baseUrl: upstream.baseUrl }), context);
  const request = testRequest({ model: testModel(), stream });
  const { error } = await collectEvents(provider.generate(request, new AbortController().signal));
  await provider.close();
  expect(error).toMatchObject({ name: "GatewayError" });
  return (error as { kind: string }).kind;
}

const title = (phrase: string): string => phrase.replaceAll(/\b\w/g, (c) => c.toUpperCase());
const inBand = (message: string): Answer => ({
  status: 200,
  body: JSON.stringify({ error: { message } }),
});
const event = (message: string): Answer => ({
  status: 200,
  type: "text/event-stream",
  body: `data: ${JSON.stringify({ error: { message } })}\n\n`,
});
/** A status that no table knows. */
const page = (message: string): Answer => ({ status: 460, type: "text/plain", body: message });

describe.each<[string, ProviderType]>([
  ["openai", openai],
  ["xai", xai],
])("untyped errors of %s", (_name, type) => {
  it.each(LISTS.flatMap(([kind, phrases]) => phrases.map((phrase) => [phrase, kind] as const)))(
    "take '%s', in any case, for %s",
    async (phrase, kind) => {
      for (const written of [phrase, phrase.toUpperCase(), title(phrase)]) {
        const message = `Sorry: ${written}!`;
        expect(await kindOf(inBand(message), type, false)).toBe(kind);
        expect(await kindOf(event(message), type, true)).toBe(kind);
        expect(await kindOf(page(message), type, false)).toBe(kind);
        expect(await kindOf(page(message), type, true)).toBe(kind);
      }
    },
  );

  it.each<[string, ErrorKind]>([
    ["Request limit: invalid api key", "provider-authentication"],
    ["invalid timeout value", "validation"],
    ["You exceeded your current quota, please try again later", "quota"],
    ["Your credit balance is too low", "quota"],
    ["Overloaded. Try again later", "provider-overloaded"],
    ["14 UNAVAILABLE: no healthy upstream", "server-error"],
    ["Deadline Exceeded", "server-error"],
    ["RESOURCE_EXHAUSTED", "rate-limit"],
    ["something else", "unknown"],
  ])("take '%s' for %s", async (message, kind) => {
    expect(await kindOf(inBand(message), type, false)).toBe(kind);
  });

  it.each(RATE_LIMIT)("typed evidence outranks '%s'", async (phrase) => {
    const typed: [number, Record<string, unknown>, ErrorKind][] = [
      [400, {}, "validation"],
      [401, {}, "provider-authentication"],
      [404, {}, "not-found"],
      [422, {}, "validation"],
      [500, {}, "server-error"],
      [529, {}, "provider-overloaded"],
      [200, { code: "invalid_api_key" }, "provider-authentication"],
      [200, { type: "invalid_request_error" }, "validation"],
      [200, { type: "overloaded_error" }, "provider-overloaded"],
      [200, { code: 503 }, "server-error"],
      [460, { code: "context_length_exceeded" }, "context-length"],
    ];
    for (const [status, fields, kind] of typed) {
      const body = JSON.stringify({ error: { message: `Sorry: ${phrase}!`, ...fields } });
      expect(await kindOf({ status, body }, type, false)).toBe(kind);
    }
  });
});
