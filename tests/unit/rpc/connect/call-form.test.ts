import { describe, expect, it } from "vitest";
import { GenerationService } from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { formOf } from "../../../../src/rpc/connect/call-form.ts";

const { generate, streamGenerate } = GenerationService.method;

const form = (
  type: string | undefined,
  headers = {},
  method: typeof generate | typeof streamGenerate = generate,
) => formOf(method, { ...(type !== undefined && { "content-type": type }), ...headers });

describe("the form of a call", () => {
  it.each([
    ["application/json", generate, "unary", "json"],
    ["Application/JSON; charset=UTF-8", generate, "unary", "json"],
    ["application/proto", generate, "unary", "proto"],
    ["application/connect+json", streamGenerate, "connect", "json"],
    ["application/connect+proto", streamGenerate, "connect", "proto"],
    ["application/grpc-web", generate, "grpc-web", "proto"],
    ["application/grpc-web+proto", streamGenerate, "grpc-web", "proto"],
    ["application/grpc-web+json", streamGenerate, "grpc-web", "json"],
  ] as const)("of %s is known", (type, method, framing, format) => {
    const encodings = { requestEncoding: undefined, answerEncoding: undefined };
    expect(form(type, {}, method)).toEqual({ framing, format, ...encodings });
  });

  it.each([
    [undefined, generate],
    ["text/plain", generate],
    ["application/json; charset=latin1", generate],
    ["application/grpc-web-text", generate],
    ["application/grpc", generate],
    ["application/connect+json", generate],
    ["application/json", streamGenerate],
    ["application/proto", streamGenerate],
  ] as const)("of %s is left to the library if the method is %o", (type, method) => {
    expect(form(type, {}, method)).toBeUndefined();
  });

  it.each([
    ["application/json", "content-encoding", "accept-encoding", generate],
    [
      "application/connect+json",
      "connect-content-encoding",
      "connect-accept-encoding",
      streamGenerate,
    ],
    ["application/grpc-web", "grpc-encoding", "grpc-accept-encoding", generate],
  ] as const)("of %s has the compressions of %s and %s", (type, sent, accepted, method) => {
    const encodings = (headers: object) => {
      const found = form(type, headers, method);
      return found && [found.requestEncoding, found.answerEncoding];
    };
    expect(encodings({ [sent]: "gzip" })).toEqual(["gzip", "gzip"]);
    expect(encodings({ [sent]: "identity", [accepted]: "" })).toEqual([undefined, undefined]);
    expect(encodings({ [sent]: "br", [accepted]: "gzip" })).toEqual(["br", "gzip"]);
    expect(encodings({ [sent]: "br", [accepted]: "identity" })).toEqual(["br", undefined]);
    expect(encodings({ [accepted]: "zstd, br , gzip" })).toEqual([undefined, "br"]);
    expect(encodings({ [sent]: "zstd" })).toBeUndefined();
  });
});
