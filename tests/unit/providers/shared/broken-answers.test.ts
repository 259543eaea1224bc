import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { anthropic } from "../../../../src/providers/anthropic/provider.ts";
import { openai } from "../../../../src/providers/openai/provider.ts";
import type { ProviderType } from "../../../../src/providers/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { type HttpUpstream, startHttpUpstream } from "../../../support/http-upstream.ts";
import { testInstance, testModel, testRequest } from "../../../support/provider-request.ts";

const context = { clock: systemClock, allowFaults: false };
const JSON_TYPE = "application/json";
const SSE = "text/event-stream";

/** Answers with status 200 that are none, and whether a stream was asked for. */
const BROKEN: readonly (readonly [string, boolean, string, string, string])[] = [
  ["text that is not JSON", false, JSON_TYPE, "<<<", "protocol"],
  ["an empty body", false, JSON_TYPE, "", "protocol"],
  ["JSON that is no object", false, JSON_TYPE, "[]", "protocol"],
  ["an object of another kind", false, JSON_TYPE, '{"status":"ok"}', "protocol"],
  ["a page", false, "text/html", "<html>down</html>", "protocol"],
  ["a page in place of a stream", true, "text/html", "<html>down</html>", "protocol"],
  ["an event that is not JSON", true, SSE, "data: <<<\n\n", "protocol"],
  ["a stream without an event", true, SSE, "", "truncated"],
  ["a body that breaks off", false, JSON_TYPE, "CUT", "network"],
  ["a stream that breaks off", true, SSE, "CUT", "network"],
];

let headers: Record<string, string> = {};
let type = JSON_TYPE;
let body = "";
let upstream: HttpUpstream;

beforeAll(async () => {
  upstream = await startHttpUpstream(({ response }) => {
    if (body !== "CUT") {
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
      return;
    }
    response.writeHead(200, { "content-type": type, "content-length": "99", ...headers });
    response.write(" ", () => response.destroy());
  });
});

afterAll(() => upstream[Symbol.asyncDispose]());

async function failure(of: ProviderType, dialect: string, stream: boolean): Promise<unknown> {
  const provider = await of.create(testInstance({ baseUrl: upstream.baseUrl }), context);
  const request = testRequest({ model: testModel({ dialect }), stream });
  const { error } = await collectEvents(provider.generate(request, new AbortController().signal));
  await provider.close();
  return error;
}

describe.each<[string, ProviderType, string]>([
  ["openai chat", openai, "chat"],
  ["openai responses", openai, "responses"],
  ["anthropic", anthropic, "messages"],
])("field:E4 the wait that a broken answer of %s asks for", (_name, of, dialect) => {
  it.each(BROKEN)("is kept beside %s", async (_form, stream, contentType, text, kind) => {
    type = contentType;
    body = text;
    for (const [given, retryAfterMs] of [
      [{ "retry-after": "15" }, 15_000],
      [{ "retry-after-ms": "700", "retry-after": "9" }, 700],
      [{ "retry-after": "soon" }, undefined],
      [{}, undefined],
    ] as const) {
      headers = given;
      expect(await failure(of, dialect, stream)).toMatchObject({ kind, retryAfterMs });
    }
  });
});

describe("field:E4 the limits beside a broken answer", () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    [
      "count if they are used up",
      { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s" },
      2_000,
    ],
    [
      "say nothing while something is left",
      { "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "2s" },
      undefined,
    ],
    [
      "give way to the wait that is asked for",
      {
        "retry-after": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2s",
      },
      1_000,
    ],
  ])("%s", async (_name, given, retryAfterMs) => {
    headers = given;
    type = JSON_TYPE;
    body = "<<<";
    expect(await failure(openai, "chat", false)).toMatchObject({ kind: "protocol", retryAfterMs });
  });
});
