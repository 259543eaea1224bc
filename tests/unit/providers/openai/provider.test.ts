import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { openai } from "../../../../src/providers/openai/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { startHttpUpstream } from "../../../support/http-upstream.ts";
import { testInstance, testModel, testRequest } from "../../../support/provider-request.ts";

describe("openai", () => {
  const context = { clock: systemClock, allowFaults: false };

  it("speaks Responses to its own endpoint and Chat to every other", () => {
    expect(openai.defaultDialect("https://api.openai.com/v1")).toBe("responses");
    expect(openai.defaultDialect("https://eu.api.openai.com/v1")).toBe("responses");
    expect(openai.defaultDialect("https://api.openai.com.example.test/v1")).toBe("chat");
    expect(openai.defaultDialect("http://127.0.0.1:8000/v1")).toBe("chat");
  });

  it("sends credentials, the instance's and the request's headers, and nothing of the environment", async () => {
    await using server = await startHttpUpstream(({ response }) => response.writeHead(404).end());
    const instance = testInstance({ baseUrl: server.baseUrl, headers: { "openai-project": "p1" } });
    const provider = await openai.create(instance, context);
    const headers = { traceparent: "00-1-2-01" };
    const signal = new AbortController().signal;
    await collectEvents(provider.generate(testRequest({ headers }), signal));
    const responses = testModel({ dialect: "responses" });
    await collectEvents(provider.generate(testRequest({ model: responses }), signal));
    await provider.close();
    expect(server.seen.map(({ request: seen }) => `${seen.method} ${seen.url}`)).toEqual([
      "POST /v1/chat/completions",
      "POST /v1/responses",
    ]);
    const {
      host: _host,
      connection: _connection,
      "content-length": _length,
      ...sent
    } = server.seen[0]?.request.headers ?? {};
    expect(sent).toEqual({
      accept: "application/json",
      "accept-encoding": "identity",
      authorization: "Bearer test-key",
      "content-type": "application/json",
      "openai-project": "p1",
      traceparent: "00-1-2-01",
      "user-agent": expect.stringMatching(/^OpenAI\/JS /),
    });
  });

  it("sends no authorization to a server without a key", async () => {
    await using server = await startHttpUpstream(({ response }) => response.writeHead(404).end());
    const instance = testInstance({ baseUrl: server.baseUrl, apiKey: "" });
    const provider = await openai.create(instance, context);
    await collectEvents(provider.generate(testRequest(), new AbortController().signal));
    await provider.close();
    expect(server.seen[0]?.request.headers.authorization).toBeUndefined();
  });

  it("field:E14 a finish reason and a clean end are an end, without the marker", async () => {
    const chunk =
      '{"id":"1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}';
    await using server = await startHttpUpstream(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(`data: ${chunk}\n\n`);
    });
    const provider = await openai.create(testInstance({ baseUrl: server.baseUrl }), context);
    const { events } = await collectEvents(
      provider.generate(testRequest({ stream: true }), new AbortController().signal),
    );
    await provider.close();
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
  });

  it("closes the socket when the reader leaves, and stops reading at the end marker", async () => {
    const closed = Promise.withResolvers<void>();
    const chunk =
      '{"id":"1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}';
    await using server = await startHttpUpstream(({ response, body }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${chunk}\n\n`);
      if (body.includes("finish")) response.write("data: [DONE]\n\ndata: more\n\n");
      else response.on("close", () => closed.resolve());
    });
    const provider = await openai.create(testInstance({ baseUrl: server.baseUrl }), context);
    const signal = new AbortController().signal;
    for await (const event of provider.generate(testRequest({ stream: true }), signal)) {
      if (event.type === "text-delta") break;
    }
    await closed.promise;
    const options = { metadata: { mode: "finish" } };
    const { events } = await collectEvents(
      provider.generate(testRequest({ stream: true, options }), signal),
    );
    expect(events.at(-1)?.type).toBe("finish");
    await provider.close();
  });
});
