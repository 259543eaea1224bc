import { once } from "node:events";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GetModelRequestSchema,
  GetModelResponseSchema,
} from "../../../../gen/service/steer/v1/model_service_pb.ts";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import { CALLER_GONE } from "../../../../src/rpc/caller-gone.ts";
import { encodeEvent } from "../../../../src/rpc/encode-event.ts";
import { connectFrame } from "../../../support/connect-wire.ts";
import {
  GET_MODEL,
  JSON_TYPE,
  POSITION,
  RESUME,
  STREAM_TYPE,
  serveHttp,
} from "../../../support/served-http.ts";
import { eventually } from "../../../support/stack.ts";

const served = serveHttp();

const FAILURE = new GatewayError("rate-limit", "slow: 50 %\n", { retryAfterMs: 1_500 });
const text = (length: number): Uint8Array =>
  encodeEvent(
    {
      sequence: 1,
      attemptIndex: 1,
      body: { type: "text-delta", partIndex: 0, text: "x".repeat(length) },
    },
    0,
  );

/** Flags and message of each envelope. */
function envelopes(body: Buffer): { readonly flags: number; readonly message: Buffer }[] {
  const found: { flags: number; message: Buffer }[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    found.push({ flags: body[at] ?? 0, message: body.subarray(at + 5, end) });
    at = end;
  }
  return found;
}

function webRequest(): Buffer {
  const message = toBinary(GetModelRequestSchema, create(GetModelRequestSchema, { model: "m" }));
  const head = Buffer.from([0, 0, 0, 0, message.length]);
  return Buffer.concat([head, message]);
}

const stream = (headers = {}) =>
  served.ask(RESUME, { headers: { ...STREAM_TYPE, ...headers }, body: connectFrame(POSITION) });

describe("the signal of a call", () => {
  it("is not aborted by a good end", async () => {
    const signals: AbortSignal[] = [];
    served.unary = async (_request, { signal }) => {
      signals.push(signal);
      return create(GetModelResponseSchema, {});
    };
    served.stream = async function* (_request, { signal }) {
      signals.push(signal);
      yield text(1);
    };
    expect((await served.ask(GET_MODEL)).status).toBe(200);
    expect((await stream()).status).toBe(200);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  it("has a constant reason if the caller leaves", async () => {
    let reason: unknown;
    served.unary = async (_request, { signal }) => {
      request.destroy();
      await once(signal, "abort");
      ({ reason } = signal);
      throw reason;
    };
    const request = served.open(GET_MODEL);
    await eventually(() => served.lines.length > 0);
    expect(reason).toBe(CALLER_GONE);
  });
});

describe("a unary answer", () => {
  it("that failed has the headers and the trailers that were set before", async () => {
    served.unary = (_request, { setResponseHeader, setTrailer }) => {
      setResponseHeader("x-steer-generation-id", "g.1");
      setTrailer("x-steer-attempts", "2");
      return Promise.reject(FAILURE);
    };
    const { status, headers } = await served.ask(GET_MODEL, {
      headers: { "content-type": "application/proto" },
      body: webRequest().subarray(5),
    });
    expect([status, headers]).toMatchObject([
      429,
      {
        "content-type": "application/json",
        "x-steer-generation-id": "g.1",
        "trailer-x-steer-attempts": "2",
        "retry-after": "2",
      },
    ]);
  });

  it("is compressed by the first compression that its caller names and the service has", async () => {
    const displayName = "x".repeat(2_000);
    served.unary = async () => create(GetModelResponseSchema, { model: { displayName } });
    const { headers, body } = await served.ask(GET_MODEL, {
      headers: { ...JSON_TYPE, "accept-encoding": "zstd, br, gzip" },
    });
    expect(headers["content-encoding"]).toBe("br");
    expect(JSON.parse(brotliDecompressSync(body).toString())).toEqual({ model: { displayName } });
  });

  it("of gRPC-Web is an envelope and its trailers", async () => {
    served.unary = async (_request, { setTrailer }) => {
      setTrailer("x-steer-attempts", "1");
      return create(GetModelResponseSchema, { model: { id: "found" } });
    };
    const headers = { "content-type": "application/grpc-web" };
    const answer = await served.ask(GET_MODEL, { headers, body: webRequest() });
    expect([answer.status, answer.headers["content-type"]]).toEqual([
      200,
      "application/grpc-web+proto",
    ]);
    const [message, trailers] = envelopes(answer.body);
    const found = create(GetModelResponseSchema, { model: { id: "found" } });
    expect(message?.message.equals(toBinary(GetModelResponseSchema, found))).toBe(true);
    expect([trailers?.flags, trailers?.message.toString()]).toEqual([
      0x80,
      "grpc-status: 0\r\nx-steer-attempts: 1\r\n",
    ]);
  });

  it("of gRPC-Web that failed has its status in the trailers", async () => {
    served.unary = () => Promise.reject(FAILURE);
    const headers = { "content-type": "application/grpc-web+proto" };
    const { status, body } = await served.ask(GET_MODEL, { headers, body: webRequest() });
    const [trailers, ...rest] = envelopes(body);
    expect([status, trailers?.flags, rest]).toEqual([200, 0x80, []]);
    expect(trailers?.message.toString()).toMatch(
      /^grpc-message: slow%3A%2050%20%25%0A\r\ngrpc-retry-pushback-ms: 1500\r\ngrpc-status: 8\r\ngrpc-status-details-bin: [\w+/=]+\r\nretry-after: 2\r\n$/,
    );
  });
});

describe("a message of a stream", () => {
  it("is compressed from 1,024 bytes on if its caller takes that", async () => {
    served.stream = async function* () {
      yield text(100);
      yield text(5_000);
    };
    const { headers, body } = await stream({ "connect-accept-encoding": "gzip" });
    expect(headers["connect-content-encoding"]).toBe("gzip");
    const [small, large, end] = envelopes(body);
    expect([small?.flags, large?.flags, end?.flags]).toEqual([0, 1, 2]);
    expect(JSON.parse(gunzipSync(large?.message ?? "").toString())).toMatchObject({
      textDelta: { text: "x".repeat(5_000) },
    });
  });

  it("that cannot be written ends its stream with INTERNAL", async () => {
    served.stream = async function* () {
      yield text(1);
      // A message that breaks off.
      yield Uint8Array.from([90, 5]);
    };
    const [first, end] = envelopes((await stream()).body);
    expect([first?.flags, end?.flags]).toEqual([0, 2]);
    expect(JSON.parse(String(end?.message))).toMatchObject({ error: { code: "internal" } });
  });
});

it("leaves messages in addresses to the library", async () => {
  served.unary = async () => create(GetModelResponseSchema, { model: { id: "found" } });
  const query = `encoding=json&message=${encodeURIComponent('{"model":"m"}')}`;
  const { status, body } = await served.ask(`${GET_MODEL}?${query}`, {
    method: "GET",
    headers: {},
  });
  expect([status, JSON.parse(body.toString())]).toEqual([200, { model: { id: "found" } }]);
});
