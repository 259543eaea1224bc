import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import http from "node:http";
import type { Socket } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  GenerationService,
  ResumeStreamRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import {
  GetModelRequestSchema,
  GetModelResponseSchema,
  ModelService,
} from "../../../gen/service/steer/v1/model_service_pb.ts";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";
import type { Listener } from "../../../src/rpc/listener.ts";
import {
  type Asked,
  type AskedHandlers,
  ask as askListener,
  createAskedListener,
  JSON_TYPE,
} from "../../support/asked-listener.ts";
import { connectFrame, connectFrames } from "../../support/connect-wire.ts";
import { exchangeBytes } from "../../support/raw-http.ts";
import { eventually } from "../../support/stack.ts";

const GET_MODEL = `/${ModelService.typeName}/GetModel`;
const RESUME = `/${GenerationService.typeName}/ResumeStream`;
const STREAM_TYPE = { "content-type": "application/connect+json" };
const BODY = '{"model":"m"}';
const POSITION = { streamId: "s.0000000000000000000000" };
const REFUSED = new GatewayError("permission-denied", "no", { reason: "NOT_OWNER" });
const CALLER = { id: "alice", role: "caller" } as const;

let listener: Listener;
let lines: Record<string, unknown>[];
let authenticate: AskedHandlers["authenticate"];
let unary: AskedHandlers["unary"];
let stream: AskedHandlers["stream"];

beforeAll(async () => {
  listener = await createAskedListener({
    unary: (...given) => unary(...given),
    stream: (...given) => stream(...given),
    authenticate: () => authenticate(),
    log: (line) => void lines.push(line),
  });
});

afterAll(() => listener.close());

beforeEach(() => {
  lines = [];
  authenticate = () => CALLER;
  unary = async () => create(GetModelResponseSchema, { model: { id: "found" } });
  stream = async function* () {};
});

const ask = (path: string, asked?: Asked) => askListener(listener, path, asked);

describe("a unary call over HTTP", () => {
  it("has its answer in the format of its request", async () => {
    unary = async (_request, { setTrailer, header }) => {
      setTrailer("x-steer-attempts", "1");
      expect(header("x-request-id")).toBe("req-1");
      return create(GetModelResponseSchema, { model: { id: "found" } });
    };
    const json = await ask(GET_MODEL, { headers: { ...JSON_TYPE, "x-request-id": "req-1" } });
    expect(json).toMatchObject({
      status: 200,
      headers: { "x-steer-replica": "here", "x-steer-version": "1.2.3", "x-request-id": "req-1" },
    });
    expect(JSON.parse(json.body.toString())).toEqual({ model: { id: "found" } });
    const headers = { "content-type": "application/proto", "x-request-id": "req-1" };
    const bytes = toBinary(GetModelRequestSchema, create(GetModelRequestSchema, { model: "m" }));
    const proto = await ask(GET_MODEL, { headers, body: Buffer.from(bytes) });
    const found = create(GetModelResponseSchema, { model: { id: "found" } });
    expect(proto.body.equals(toBinary(GetModelResponseSchema, found))).toBe(true);
    expect(lines).toMatchObject(
      Array(2).fill({ event: "call", system: "connectrpc", code: "OK", caller: "alice" }),
    );
  });

  it("that fails has the status of its error, its details and its trailers", async () => {
    unary = () => Promise.reject(new GatewayError("rate-limit", "slow", { retryAfterMs: 1_500 }));
    const { status, headers, body } = await ask(GET_MODEL);
    expect(status).toBe(429);
    expect(headers).toMatchObject({ "retry-after": "2", "grpc-retry-pushback-ms": "1500" });
    expect(JSON.parse(body.toString())).toMatchObject({
      code: "resource_exhausted",
      message: "slow",
      details: [{ type: "google.rpc.ErrorInfo" }, { type: "steer.v1.GatewayError" }, {}],
    });
  });

  it("whose caller is not known is refused", async () => {
    authenticate = () => {
      throw REFUSED;
    };
    const { status, body } = await ask(GET_MODEL);
    expect([status, JSON.parse(body.toString())]).toMatchObject([
      403,
      { code: "permission_denied", message: "no" },
    ]);
    expect(lines).toMatchObject([{ code: "PERMISSION_DENIED", reason: "NOT_OWNER" }]);
  });

  it("has the time that its caller gives, and ends with it", async () => {
    const given: (number | undefined)[] = [];
    unary = async (_request, { timeoutMs, signal }) => {
      given.push(timeoutMs);
      if (timeoutMs !== undefined && timeoutMs < 1_000) await once(signal, "abort");
      signal.throwIfAborted();
      return create(GetModelResponseSchema, {});
    };
    const timed = (ms: number) =>
      ask(GET_MODEL, { headers: { ...JSON_TYPE, "connect-timeout-ms": String(ms) } });
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
    unary = async () => create(GetModelResponseSchema, { model: { displayName } });
    const headers = { ...JSON_TYPE, "accept-encoding": "gzip" };
    const large = await ask(GET_MODEL, { headers });
    expect(large.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(large.body).toString())).toEqual({ model: { displayName } });
    unary = async () => create(GetModelResponseSchema, { model: { id: "small" } });
    expect((await ask(GET_MODEL, { headers })).headers).not.toHaveProperty("content-encoding");
    const zipped = { headers: { ...JSON_TYPE, "content-encoding": "gzip" }, body: gzipSync(BODY) };
    expect((await ask(GET_MODEL, zipped)).status).toBe(200);
  });

  it("whose caller leaves is aborted", async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    unary = async (_request, { signal }) => {
      begun.resolve(signal);
      await once(signal, "abort");
      throw signal.reason;
    };
    const { port } = listener.address;
    const headers = { ...JSON_TYPE, "content-length": String(BODY.length) };
    const request = http.request({ port, path: GET_MODEL, method: "POST", headers, agent: false });
    request.on("error", () => {});
    request.end(BODY);
    const signal = await begun.promise;
    expect(signal.aborted).toBe(false);
    request.destroy();
    await eventually(() => lines.length > 0);
    expect(lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
  });
});

describe("what is no call of a service", () => {
  it.each([
    [`/${ModelService.typeName}/Nothing`, {}, 404, "METHOD_UNKNOWN"],
    ["/", {}, 404, "METHOD_UNKNOWN"],
    [GET_MODEL, { headers: { "content-type": "text/plain" } }, 415, "CONTENT_TYPE_UNSUPPORTED"],
    [GET_MODEL, { method: "PUT" }, 405, "HTTP_METHOD_UNSUPPORTED"],
  ])("%s %o has an answer and a line", async (path, asked: Asked, status, reason) => {
    expect((await ask(path, asked)).status).toBe(status);
    expect(lines).toMatchObject([{ event: "call", system: "connectrpc", reason }]);
    expect("method" in (lines[0] ?? {})).toBe(path === GET_MODEL);
  });

  it("is a request whose address is none", async () => {
    const { port } = listener.address;
    const text = `POST ${GET_MODEL} HTTP/1.1\r\nHost: a b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
    const answer = await exchangeBytes(port, text);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain("the Host or the address of the request is malformed");
    expect(lines).toMatchObject([{ reason: "ADDRESS_MALFORMED" }]);
  });
});

describe("a stream over HTTP", () => {
  const event = (sequence: number) => ({ sequence, attemptIndex: 1, heartbeat: {} });
  const bytes = (sequence: number) =>
    encodeEvent({ sequence, attemptIndex: 1, body: { type: "heartbeat", isUndurable: false } }, 0);
  const read = async (headers: http.OutgoingHttpHeaders = STREAM_TYPE) => {
    const answer = await ask(RESUME, { headers, body: connectFrame(POSITION) });
    return { ...answer, frames: connectFrames(answer.body) };
  };

  it("has its messages, encoded or not, and says that nothing holds it back", async () => {
    stream = async function* (_request, { setResponseHeader, setTrailer }) {
      setResponseHeader("x-steer-stream-id", "s.1");
      yield bytes(1);
      setTrailer("x-steer-attempts", "1");
      yield create(StreamEventSchema, {
        sequence: 2,
        attemptIndex: 1,
        event: { case: "heartbeat", value: {} },
      });
    };
    const { status, headers, frames } = await read();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "x-steer-stream-id": "s.1",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    expect(frames.map(({ end, message }) => [end, message])).toEqual([
      [false, event(1)],
      [false, event(2)],
      [true, { metadata: { "x-steer-attempts": ["1"] } }],
    ]);
  });

  it("that fails has the error in its end", async () => {
    stream = async function* () {
      yield bytes(1);
      throw REFUSED;
    };
    const { frames } = await read();
    expect(frames.map(({ end }) => end)).toEqual([false, true]);
    expect(frames[1]?.message).toMatchObject({
      error: { code: "permission_denied", message: "no" },
    });
    expect(lines).toMatchObject([{ code: "PERMISSION_DENIED" }]);
  });

  it("is one of gRPC-Web as well", async () => {
    stream = async function* () {
      yield bytes(1);
    };
    const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 0])]);
    const request = create(ResumeStreamRequestSchema, POSITION);
    const message = toBinary(ResumeStreamRequestSchema, request);
    body.writeUInt32BE(message.length, 1);
    const headers = { "content-type": "application/grpc-web+proto" };
    const answer = await ask(RESUME, { headers, body: Buffer.concat([body, message]) });
    expect(answer.status).toBe(200);
    const end = 5 + answer.body.readUInt32BE(1);
    expect(answer.body.subarray(5, end).equals(bytes(1))).toBe(true);
    expect(answer.body.subarray(end).toString()).toContain("grpc-status: 0");
  });

  describe("whose caller leaves", () => {
    /** The service's end of the connection by which the last request came. */
    let connection: Socket;
    const keep = (message: unknown): void => {
      connection = (message as { readonly socket: Socket }).socket;
    };

    beforeAll(() => subscribe("http.server.request.start", keep));
    afterAll(() => void unsubscribe("http.server.request.start", keep));

    function open(): http.ClientRequest {
      const { port } = listener.address;
      const headers = STREAM_TYPE;
      const request = http.request({ port, path: RESUME, method: "POST", headers, agent: false });
      request.on("error", () => {});
      request.end(connectFrame(POSITION));
      return request;
    }

    async function expectLeft(): Promise<void> {
      await eventually(() => lines.length > 0);
      expect(lines).toMatchObject([{ code: "CANCELLED" }]);
    }

    it("while nothing is sent ends", async () => {
      stream = async function* (_request, { signal }) {
        yield bytes(1);
        await once(signal, "abort");
        throw signal.reason;
      };
      const request = open();
      await once(request, "response");
      request.destroy();
      await expectLeft();
    });

    // Node drops what is written to such a connection and says nothing, until it tells of the close.
    it.each([1, 2, 3])("right before message %i is written ends", async (last) => {
      stream = async function* (_request, { signal }) {
        for (let sequence = 1; sequence < last; sequence++) yield bytes(sequence);
        connection.destroy();
        yield bytes(last);
        if (!signal.aborted) await once(signal, "abort");
        throw signal.reason;
      };
      open();
      await expectLeft();
    });

    it("while its connection takes no more ends", async () => {
      let sent = 0;
      stream = async function* () {
        for (;;) {
          sent++;
          yield create(StreamEventSchema, {
            event: { case: "textDelta", value: { text: "x".repeat(1024 * 1024) } },
          });
        }
      };
      const request = open();
      await once(request, "response");
      // Nothing is read: the buffers of both ends fill.
      await eventually(() => connection.writableNeedDrain);
      const before = sent;
      request.destroy();
      await expectLeft();
      expect(sent - before).toBeLessThan(3);
    });
  });
});
