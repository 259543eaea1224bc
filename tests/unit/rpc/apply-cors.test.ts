import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyCors } from "../../../src/rpc/apply-cors.ts";

let server: http.Server;
let origins: ReadonlySet<string>;
let url: string;

beforeEach(async () => {
  server = http.createServer((request, response) => {
    if (applyCors(request, response, origins)) return;
    response.end("served");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** What a page of this origin is answered. */
async function ask(method: string, origin?: string) {
  const headers = { ...(origin !== undefined && { origin }), connection: "close" };
  const request = http.request(url, { method, headers }).end();
  const [answer] = (await once(request, "response")) as [http.IncomingMessage];
  let body = "";
  for await (const piece of answer) body += piece;
  const cors = Object.entries(answer.headers).filter(
    ([name]) => name.startsWith("access-control-") || name === "vary",
  );
  return { status: answer.statusCode, body, cors: Object.fromEntries(cors) };
}

describe("a page of another origin", () => {
  it("is told nothing if nobody knows its origin", async () => {
    origins = new Set(["https://known.test"]);
    for (const origin of [undefined, "https://other.test"]) {
      expect(await ask("POST", origin)).toEqual({ status: 200, body: "served", cors: {} });
      expect(await ask("OPTIONS", origin)).toEqual({ status: 204, body: "", cors: {} });
    }
  });

  it.each(["https://known.test", "*"])("may read the answers if it is known: %s", async (known) => {
    origins = new Set([known]);
    const { status, body, cors } = await ask("POST", "https://known.test");
    expect([status, body]).toEqual([200, "served"]);
    expect(cors).toEqual({
      "access-control-allow-origin": "https://known.test",
      vary: "Origin",
      "access-control-expose-headers": expect.any(String),
    });
    const exposed = String(cors["access-control-expose-headers"]).toLowerCase().split(", ");
    expect(exposed).toEqual(
      expect.arrayContaining([
        "grpc-status",
        "x-steer-stream-id",
        "x-steer-generation-id",
        "x-steer-replica",
        "x-steer-version",
        "x-steer-replayed",
        "x-steer-attempts",
        "x-steer-cost",
        "x-steer-model",
        "x-steer-provider",
        "x-steer-warnings",
        "x-request-id",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
        "grpc-retry-pushback-ms",
      ]),
    );
  });

  it("is told in advance what it may send, for two hours", async () => {
    origins = new Set(["https://known.test"]);
    const { status, body, cors } = await ask("OPTIONS", "https://known.test");
    expect([status, body]).toEqual([204, ""]);
    expect(cors["access-control-max-age"]).toBe("7200");
    expect(String(cors["access-control-allow-methods"]).split(", ").sort()).toEqual([
      "DELETE",
      "GET",
      "HEAD",
      "POST",
    ]);
    expect(String(cors["access-control-allow-headers"]).toLowerCase().split(", ")).toEqual(
      expect.arrayContaining([
        "content-type",
        "connect-timeout-ms",
        "authorization",
        "idempotency-key",
        "last-event-id",
        "traceparent",
        "tracestate",
        "x-request-id",
        "x-steer-commit",
        "x-steer-fallbacks",
        "x-steer-labels",
        "x-steer-timeout",
        "x-steer-unsupported",
        "anthropic-beta",
        "anthropic-dangerous-direct-browser-access",
        "anthropic-version",
        "openai-beta",
        "openai-organization",
        "openai-project",
        "user-agent",
        "x-api-key",
        "x-stainless-arch",
        "x-stainless-helper",
        "x-stainless-helper-method",
        "x-stainless-lang",
        "x-stainless-os",
        "x-stainless-package-version",
        "x-stainless-retry-count",
        "x-stainless-runtime",
        "x-stainless-runtime-version",
        "x-stainless-timeout",
      ]),
    );
  });
});
