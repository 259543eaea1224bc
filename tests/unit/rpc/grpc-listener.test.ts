import { once } from "node:events";
import http2 from "node:http2";
import { deflateSync, gzipSync } from "node:zlib";
import { create, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  type GetModelResponse,
  GetModelResponseSchema,
  ModelService,
} from "../../../gen/service/steer/v1/model_service_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import {
  type Answer,
  answerOf,
  envelope,
  GET_MODEL,
  REQUEST,
  serveGrpc,
  wireStatus,
} from "../../support/served-grpc.ts";
import { eventually } from "../../support/stack.ts";

const REFUSED = new GatewayError("permission-denied", "no ünit", { reason: "NOT_OWNER" });
const served = serveGrpc();
const modelOf = ({ messages: [message] }: Answer): GetModelResponse =>
  fromBinary(GetModelResponseSchema, message ?? new Uint8Array());

describe("a unary call over gRPC", () => {
  it("has its answer between headers and trailers", async () => {
    served.unary = async (_request, { setTrailer, timeoutMs, header }) => {
      setTrailer("x-steer-attempts", "1");
      expect(timeoutMs).toBeUndefined();
      expect(header("x-request-id")).toBe("req-1");
      return create(GetModelResponseSchema, { model: { id: "found" } });
    };
    const answer = await served.call(GET_MODEL, { "x-request-id": "req-1" });
    expect(answer.headers).toMatchObject({
      ":status": 200,
      "x-steer-replica": "here",
      "x-steer-version": "1.2.3",
      "x-request-id": "req-1",
    });
    expect(answer.headers["content-type"]).toMatch(/^application\/grpc/);
    expect(answer.trailers).toMatchObject({ "grpc-status": "0", "x-steer-attempts": "1" });
    expect(answer.trailers).not.toHaveProperty("grpc-message");
    expect(modelOf(answer)).toMatchObject({ model: { id: "found" } });
    expect(served.lines).toMatchObject([
      { event: "call", system: "grpc", code: "OK", caller: "alice" },
    ]);
  });

  it("that fails is headers alone, with the status and all that was to be told", async () => {
    served.unary = (_request, { setTrailer }) => {
      setTrailer("x-steer-attempts", "2");
      return Promise.reject(REFUSED);
    };
    const { headers, trailers, messages } = await served.call(GET_MODEL);
    expect([trailers, messages]).toEqual([undefined, []]);
    expect(headers).toMatchObject({
      ":status": 200,
      "grpc-status": "7",
      "grpc-message": encodeURI("no ünit"),
      "x-steer-replica": "here",
      "x-steer-attempts": "2",
      "grpc-status-details-bin": expect.stringMatching(/^[A-Za-z0-9+/]+$/),
    });
  });

  it("whose caller is not known ends before its request", async () => {
    served.authenticate = () => {
      throw REFUSED;
    };
    const opened = served.open(GET_MODEL);
    opened.write(envelope(REQUEST).subarray(0, 3));
    const { headers, trailers } = await answerOf(opened);
    expect(trailers).toBeUndefined();
    expect(headers).toMatchObject({
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-status": "7",
      "grpc-message": encodeURI("no ünit"),
    });
    expect(served.lines).toMatchObject([{ code: "PERMISSION_DENIED", reason: "NOT_OWNER" }]);
  });

  it("has the time that its caller gives", async () => {
    const given: (number | undefined)[] = [];
    served.unary = async (_request, { timeoutMs }) => {
      given.push(timeoutMs);
      return create(GetModelResponseSchema, {});
    };
    await served.call(GET_MODEL, { "grpc-timeout": "1000S" });
    // Longer than a timer can be.
    await served.call(GET_MODEL, { "grpc-timeout": "1000H" });
    expect(given[1]).toBeUndefined();
    expect(wireStatus(await served.call(GET_MODEL, { "grpc-timeout": "soon" }))).toMatchObject({
      code: "3",
    });
    expect(given).toHaveLength(2);
    expect(given[0]).toBeDefined();
  });

  it("whose deadline passes has its status at once, and is aborted", async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    served.unary = async (_request, { signal }) => {
      begun.resolve(signal);
      await once(signal, "abort");
      throw signal.reason;
    };
    const answer = served.call(GET_MODEL, { "grpc-timeout": "1500m" });
    const signal = await begun.promise;
    await served.clock.advance(1_499);
    expect(signal.aborted).toBe(false);
    await served.clock.advance(1);
    expect(wireStatus(await answer)).toEqual({ code: "4", message: "Deadline exceeded" });
    expect(signal.reason).toMatchObject({ kind: "cancelled" });
    await eventually(() => served.lines.length > 0);
    expect(served.lines).toMatchObject([{ code: "CANCELLED" }]);
  });

  it.each([["setResponseHeader"], ["setTrailer"]] as const)(
    "fails for a value that HTTP cannot carry, and its connection stays: %s",
    async (setter) => {
      served.unary = async (_request, call) => {
        call[setter]("x-steer-attempts", "1\n2");
        return create(GetModelResponseSchema, {});
      };
      expect(wireStatus(await served.call(GET_MODEL)).code).toBe("13");
      served.unary = async () => create(GetModelResponseSchema, {});
      expect(wireStatus(await served.call(GET_MODEL)).code).toBe("0");
    },
  );

  it("whose caller leaves is aborted", async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    served.unary = async (_request, { signal }) => {
      begun.resolve(signal);
      await once(signal, "abort");
      throw signal.reason;
    };
    const opened = served.open(GET_MODEL);
    opened.end(envelope(REQUEST));
    const signal = await begun.promise;
    expect(signal.aborted).toBe(false);
    opened.close(http2.constants.NGHTTP2_CANCEL);
    await eventually(() => served.lines.length > 0);
    expect(signal.reason).toMatchObject({ kind: "cancelled" });
    expect(served.lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
  });
});

describe("a request over gRPC", () => {
  it("may be compressed", async () => {
    for (const [encoding, bytes] of [
      ["gzip", gzipSync(REQUEST)],
      ["deflate", deflateSync(REQUEST)],
    ] as const) {
      const answer = await served.call(
        GET_MODEL,
        { "grpc-encoding": encoding },
        envelope(bytes, 1),
      );
      expect(wireStatus(answer).code).toBe("0");
      // Of a message that is not, the encoding says nothing.
      const plain = await served.call(GET_MODEL, { "grpc-encoding": encoding });
      expect(wireStatus(plain).code).toBe("0");
      const broken = await served.call(
        GET_MODEL,
        { "grpc-encoding": encoding },
        envelope(REQUEST, 1),
      );
      expect(wireStatus(broken)).toEqual({ code: "3", message: `the request is not ${encoding}` });
    }
  });

  it("says by what it is compressed, and by nothing unknown", async () => {
    const unknown = await served.call(GET_MODEL, { "grpc-encoding": "snappy" });
    expect(wireStatus(unknown)).toEqual({
      code: "12",
      message: "requests cannot be compressed with snappy",
    });
    expect(unknown.headers).toMatchObject({ "grpc-accept-encoding": "identity,gzip,deflate" });
    for (const headers of [{}, { "grpc-encoding": "identity" }]) {
      const unsaid = await served.call(GET_MODEL, headers, envelope(gzipSync(REQUEST), 1));
      expect(wireStatus(unsaid).code).toBe("13");
    }
  });

  it("has one message, which is whole", async () => {
    const [one, none] = [envelope(REQUEST), Buffer.alloc(0)];
    expect(wireStatus(await served.call(GET_MODEL, {}, none)).code).toBe("12");
    expect(wireStatus(await served.call(GET_MODEL, {}, Buffer.concat([one, one]))).code).toBe("12");
    for (const length of [3, one.length - 1]) {
      const part = one.subarray(0, length);
      expect(wireStatus(await served.call(GET_MODEL, {}, part))).toEqual({
        code: "3",
        message: "the request ends within its message",
      });
    }
  });

  it("is no larger than its method takes, inflated as well", async () => {
    const most = 64 * 1024;
    const large = Buffer.alloc(most + 1);
    expect(wireStatus(await served.call(GET_MODEL, {}, envelope(large))).code).toBe("8");
    const headers = { "grpc-encoding": "gzip" };
    expect(wireStatus(await served.call(GET_MODEL, headers, envelope(gzipSync(large), 1)))).toEqual(
      {
        code: "8",
        message: `the request inflates to more than ${most} bytes`,
      },
    );
  });

  it("that is not whole after a minute is ended", async () => {
    const opened = served.open(GET_MODEL);
    opened.write(envelope(REQUEST).subarray(0, 3));
    const answer = answerOf(opened);
    // Another call of the connection comes behind it.
    await served.call(GET_MODEL);
    await served.clock.advance(60_000);
    expect(wireStatus(await answer)).toEqual({
      code: "4",
      message: "the request was not whole after 60 s",
    });
    expect(served.lines.at(-1)).toMatchObject({ reason: "REQUEST_TIMEOUT", caller: "alice" });
  });

  it("that is malformed is refused once its caller is known", async () => {
    const answer = await served.call(GET_MODEL, {}, envelope(Buffer.from("ff", "hex")));
    expect(wireStatus(answer)).toEqual({
      code: "3",
      message: "the bytes are not a message of the contract",
    });
    expect(served.lines).toMatchObject([{ code: "INVALID_ARGUMENT", caller: "alice" }]);
  });
});

describe("what is no call of a service", () => {
  it("is UNIMPLEMENTED where nobody has the method", async () => {
    const path = `/${ModelService.typeName}/Nothing`;
    expect(wireStatus(await served.call(path, {}, envelope(REQUEST)))).toEqual({
      code: "12",
      message: `the service has no method ${path}`,
    });
    const long = `/${"x".repeat(500)}`;
    expect(wireStatus(await served.call(long)).message).toBe(
      `the service has no method ${long.slice(0, 200)}`,
    );
    expect(served.lines).toMatchObject(
      Array(2).fill({ reason: "METHOD_UNKNOWN", code: "UNIMPLEMENTED" }),
    );
  });

  it.each([
    [{ "content-type": "application/json" }],
    [{ "content-type": "application/grpc+json" }],
    [{ "content-type": "application/grpc-web" }],
    [{ ":method": "PUT" }],
  ])("is answered by HTTP where it is no gRPC: %o", async (headers) => {
    const answer = await served.call(GET_MODEL, headers);
    expect(answer.headers).toMatchObject({ ":status": 415 });
    expect(answer.trailers).toBeUndefined();
    expect(served.lines).toMatchObject([
      { reason: "CONTENT_TYPE_UNSUPPORTED", method: "steer.v1.ModelService/GetModel" },
    ]);
  });

  it.each(["application/grpc+proto", "application/grpc;x=y", "application/grpc"])(
    "is not one of type %s",
    async (type) => {
      expect(wireStatus(await served.call(GET_MODEL, { "content-type": type })).code).toBe("0");
    },
  );
});
