// Lines of calls that are answered by their headers alone.
import http2 from "node:http2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GenerationService } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { connectFrame } from "../../support/connect-wire.ts";
import { rawCall, statusOf } from "../../support/raw-grpc.ts";
import { exchangeBytes, requestRaw } from "../../support/raw-http.ts";
import { startTimedService, type TimedService } from "../../support/timed-service.ts";

const { generate } = GenerationService.method;
const SECRET = "a-secret-in-a-path";
const GENERATE = `/${GenerationService.typeName}/Generate`;
const HEALTH = "/grpc.health.v1.Health/Check";
const JSON_TYPE = { "content-type": "application/json" };
const NAMED = { "x-request-id": "call-1" };

let service: TimedService;
let session: http2.ClientHttp2Session;

beforeAll(async () => {
  service = await startTimedService();
  session = http2.connect(`http://${service.grpc}`);
});

afterAll(async () => {
  session.destroy();
  await service.stopAtOnce();
  expect(JSON.stringify(service.log)).not.toContain(SECRET);
});

// The next test's lines are in a window of their own.
beforeEach(() => service.clock.advance(10_000));

/** The newest line of a call. */
const newest = () => service.log.findLast(({ event }) => event === "call");

interface Expected {
  readonly method?: string;
  readonly code: string;
  readonly error: string;
  readonly reason: string;
  readonly field?: string;
}

const full = (system: string, expected: Expected) => ({
  event: "call",
  system,
  duration_ms: 0,
  x_request_id: "call-1",
  ...expected,
});

const UNKNOWN: Expected = {
  code: "UNIMPLEMENTED",
  error: "not-found",
  reason: "METHOD_UNKNOWN",
};
const METHOD = GENERATE.slice(1);
const CONTENT_TYPE: Expected = {
  method: METHOD,
  code: "UNKNOWN",
  error: "validation",
  reason: "CONTENT_TYPE_UNSUPPORTED",
  field: "content-type",
};
const VERB: Expected = {
  method: METHOD,
  code: "UNKNOWN",
  error: "validation",
  reason: "HTTP_METHOD_UNSUPPORTED",
};
const TIMEOUT: Expected = {
  method: METHOD,
  code: "INVALID_ARGUMENT",
  error: "validation",
  reason: "INVALID_REQUEST",
  field: "grpc-timeout",
};

describe("field:S26 over gRPC", () => {
  it.each<[string, object, string, Expected]>([
    ["an unknown method", { ":path": `/steer.v1.Any/${SECRET}` }, "12", UNKNOWN],
    ["another codec", { "content-type": "application/grpc+json" }, "415", CONTENT_TYPE],
    ["another verb", { ":method": "PUT" }, "415", CONTENT_TYPE],
    [
      "another protocol for an unknown method",
      { ":path": `/${SECRET}`, "content-type": "text/plain" },
      "415",
      { ...CONTENT_TYPE, method: undefined as never },
    ],
    ["a deadline that is none", { "grpc-timeout": SECRET }, "3", TIMEOUT],
    [
      "a deadline of a health check that is none",
      { ":path": HEALTH, "grpc-timeout": "1" },
      "3",
      { ...TIMEOUT, method: undefined as never },
    ],
  ])("%s has a line with its reason", async (_, headers, status, expected) => {
    const answer = await rawCall(session, generate, {}, { ...NAMED, ...headers });
    expect(statusOf(answer) ?? String(answer.headers[":status"])).toBe(status);
    const { time: _time, caller: _caller, ...line } = newest() ?? {};
    expect({ ...line, duration_ms: 0 }).toEqual(full("grpc", expected));
  });

  it("a deadline in its form passes", async () => {
    const health = { ":path": HEALTH, "grpc-timeout": "1H" };
    expect(statusOf(await rawCall(session, generate, {}, health))).toBe("0");
  });

  it("a flood of them has ten lines, and one that counts the others", async () => {
    const path = { ":path": "/steer.v1.Any/Method" };
    await Promise.all(Array.from({ length: 25 }, () => rawCall(session, generate, {}, path)));
    await service.clock.advance(10_000);
    expect(service.log.findLast(({ event }) => event === "calls left out")).toMatchObject({
      code: "UNIMPLEMENTED",
      error: "not-found",
      reason: "METHOD_UNKNOWN",
      calls: 15,
    });
  });
});

describe("field:S26 over HTTP", () => {
  const connect = { "content-type": "application/connect+json" };
  const web = { "content-type": "application/grpc-web+proto" };
  it.each<[string, string, Parameters<typeof requestRaw>[1] & object, number, Expected]>([
    ["an unknown method", `/steer.v1.Any/${SECRET}`, { headers: JSON_TYPE }, 404, UNKNOWN],
    ["an unknown page", `/${SECRET}?q=${SECRET}`, { method: "GET" }, 404, UNKNOWN],
    ["another content", GENERATE, { headers: { "content-type": SECRET } }, 415, CONTENT_TYPE],
    [
      "the content of streams for a call that is none",
      GENERATE,
      { headers: { "content-type": "application/connect+proto" } },
      415,
      CONTENT_TYPE,
    ],
    ["another verb", GENERATE, { method: "PUT", headers: JSON_TYPE }, 405, VERB],
    [
      "a prompt in the address",
      `/${GenerationService.typeName}/CountTokens?message=${SECRET}`,
      { method: "GET" },
      405,
      { ...VERB, method: `${GenerationService.typeName}/CountTokens` },
    ],
    [
      "a deadline that is none",
      GENERATE,
      { headers: { ...JSON_TYPE, "connect-timeout-ms": "soon" }, body: "{}" },
      400,
      { ...TIMEOUT, field: "connect-timeout-ms" },
    ],
    [
      "a stream's deadline that is none",
      `/${GenerationService.typeName}/StreamGenerate`,
      { headers: { ...connect, "connect-timeout-ms": "1s" }, body: connectFrame({}) },
      200,
      {
        ...TIMEOUT,
        method: `${GenerationService.typeName}/StreamGenerate`,
        field: "connect-timeout-ms",
      },
    ],
    [
      "a deadline of gRPC-Web that is none",
      GENERATE,
      { headers: { ...web, "grpc-timeout": "1" }, body: Buffer.alloc(5) },
      200,
      TIMEOUT,
    ],
  ])("%s has a line with its reason", async (_, path, request, status, expected) => {
    const headers = { ...NAMED, ...request.headers };
    const answer = await requestRaw(`${service.http}${path}`, { ...request, headers });
    expect(answer.status).toBe(status);
    const { time: _time, caller: _caller, ...line } = newest() ?? {};
    expect({ ...line, duration_ms: 0 }).toEqual(full("connectrpc", expected));
  });

  it("an address that is none has a line with its reason", async () => {
    const port = Number(new URL(service.http).port);
    const head = `POST ${GENERATE} HTTP/1.1\r\nhost: [${SECRET}\r\ncontent-length: 0\r\n`;
    expect(await exchangeBytes(port, `${head}x-request-id: call-1\r\n\r\n`)).toContain(" 400 ");
    expect(newest()).toMatchObject({
      code: "INVALID_ARGUMENT",
      error: "validation",
      reason: "ADDRESS_MALFORMED",
    });
  });
});
