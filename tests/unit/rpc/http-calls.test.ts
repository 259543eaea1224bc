import { once } from "node:events";
import { gunzipSync, gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GetModelRequestSchema,
  GetModelResponseSchema,
  ModelService,
} from "../../../gen/service/steer/v1/model_service_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { exchangeBytes } from "../../support/raw-http.ts";
import { type Asked, GET_MODEL, JSON_TYPE, serveHttp } from "../../support/served-http.ts";
import { eventually } from "../../support/stack.ts";

const REFUSED = new GatewayError("permission-denied", "no", { reason: "NOT_OWNER" });

const served = serveHttp();

describe("a unary call over HTTP", () => {
  it("has its answer in the format of its request", async () => {
    served.unary = async (_request, { setTrailer, header }) => {
      setTrailer("x-steer-attempts", "1");
      expect(header("x-request-id")).toBe("req-1");
      return create(GetModelResponseSchema, { model: { id: "found" } });
    };
    const json = await served.ask(GET_MODEL, {
      headers: { ...JSON_TYPE, "x-request-id": "req-1" },
    });
    expect(json).toMatchObject({
      status: 200,
      headers: { "x-steer-replica": "here", "x-steer-version": "1.2.3", "x-request-id": "req-1" },
    });
    expect(JSON.parse(json.body.toString())).toEqual({ model: { id: "found" } });
    const headers = { "content-type": "application/proto", "x-request-id": "req-1" };
    const bytes = toBinary(GetModelRequestSchema, create(GetModelRequestSchema, { model: "m" }));
    const proto = await served.ask(GET_MODEL, { headers, body: Buffer.from(bytes) });
    const found = create(GetModelResponseSchema, { model: { id: "found" } });
    expect(proto.body.equals(toBinary(GetModelResponseSchema, found))).toBe(true);
    expect(served.lines).toMatchObject(
      Array(2).fill({ event: "call", system: "connectrpc", code: "OK", caller: "alice" }),
    );
  });

  it("that fails has the status of its error, its details and its trailers", async () => {
    served.unary = () =>
      Promise.reject(new GatewayError("rate-limit", "slow", { retryAfterMs: 1_500 }));
    const { status, headers, body } = await served.ask(GET_MODEL);
    expect(status).toBe(429);
    expect(headers).toMatchObject({ "retry-after": "2", "grpc-retry-pushback-ms": "1500" });
    expect(JSON.parse(body.toString())).toMatchObject({
      code: "resource_exhausted",
      message: "slow",
      details: [{ type: "google.rpc.ErrorInfo" }, { type: "steer.v1.GatewayError" }, {}],
    });
  });

  it("whose caller is not known is refused", async () => {
    served.authenticate = () => {
      throw REFUSED;
    };
    const { status, body } = await served.ask(GET_MODEL);
    expect([status, JSON.parse(body.toString())]).toMatchObject([
      403,
      { code: "permission_denied", message: "no" },
    ]);
    expect(served.lines).toMatchObject([{ code: "PERMISSION_DENIED", reason: "NOT_OWNER" }]);
  });

  it("has the time that its caller gives, and ends with it", async () => {
    const given: (number | undefined)[] = [];
    served.unary = async (_request, { timeoutMs, signal }) => {
      given.push(timeoutMs);
      if (timeoutMs !== undefined && timeoutMs < 1_000) await once(signal, "abort");
      signal.throwIfAborted();
      return create(GetModelResponseSchema, {});
    };
    const timed = (ms: number) =>
      served.ask(GET_MODEL, { headers: { ...JSON_TYPE, "connect-timeout-ms": String(ms) } });
    expect((await timed(600_000)).status).toBe(200);
    // Longer than a timer can be.
    expect((await timed(9_999_999_999)).status).toBe(200);
    expect(given[0]).toBeGreaterThan(0);
    expect(given[0]).toBeLessThanOrEqual(600_000);
    expect(given[1]).toBeUndefined();
    expect((await timed(1)).status).toBe(504);
  });

  it("has a large answer compressed if its caller takes that", async () => {
    const displayName = "x".repeat(2_000);
    served.unary = async () => create(GetModelResponseSchema, { model: { displayName } });
    const headers = { ...JSON_TYPE, "accept-encoding": "gzip" };
    const large = await served.ask(GET_MODEL, { headers });
    expect(large.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(large.body).toString())).toEqual({ model: { displayName } });
    served.unary = async () => create(GetModelResponseSchema, { model: { id: "small" } });
    expect((await served.ask(GET_MODEL, { headers })).headers).not.toHaveProperty(
      "content-encoding",
    );
    const zipped = {
      headers: { ...JSON_TYPE, "content-encoding": "gzip" },
      body: gzipSync('{"model":"m"}'),
    };
    expect((await served.ask(GET_MODEL, zipped)).status).toBe(200);
  });

  it("whose caller leaves is aborted", async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    served.unary = async (_request, { signal }) => {
      begun.resolve(signal);
      await once(signal, "abort");
      throw signal.reason;
    };
    const request = served.open(GET_MODEL);
    const signal = await begun.promise;
    expect(signal.aborted).toBe(false);
    request.destroy();
    await eventually(() => served.lines.length > 0);
    expect(served.lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
  });
});

describe("what is no call of a service", () => {
  it.each([
    [`/${ModelService.typeName}/Nothing`, {}, 404, "METHOD_UNKNOWN"],
    ["/", {}, 404, "METHOD_UNKNOWN"],
    [GET_MODEL, { headers: { "content-type": "text/plain" } }, 415, "CONTENT_TYPE_UNSUPPORTED"],
    [GET_MODEL, { method: "PUT" }, 405, "HTTP_METHOD_UNSUPPORTED"],
  ])("%s %o has an answer and a line", async (path, asked: Asked, status, reason) => {
    expect((await served.ask(path, asked)).status).toBe(status);
    expect(served.lines).toMatchObject([{ event: "call", system: "connectrpc", reason }]);
    expect("method" in (served.lines[0] ?? {})).toBe(path === GET_MODEL);
  });

  it("is a request whose address is none", async () => {
    const text = `POST ${GET_MODEL} HTTP/1.1\r\nHost: a b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
    const answer = await exchangeBytes(served.port, text);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain("the Host or the address of the request is malformed");
    expect(served.lines).toMatchObject([{ reason: "ADDRESS_MALFORMED" }]);
  });
});
