// What the gRPC specification and the conformance suite ask for, on the wire.
import http2 from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { rawCall } from "../support/raw-grpc.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { generate, streamGenerate, resumeStream } = GenerationService.method;
const spec = { model: "simulator", prompt: "Hi" };

let service: ServiceProcess;
let session: http2.ClientHttp2Session;

const call = (
  method: DescMethod,
  request: Record<string, unknown>,
  headers: http2.OutgoingHttpHeaders = {},
) => rawCall(session, method, request, { "x-request-id": "corr-1", ...headers });

beforeAll(async () => {
  service = await startService();
  session = http2.connect(`http://${service.grpc}`);
});

afterAll(async () => {
  session.close();
  await service.stop();
});

describe("gRPC on the wire", () => {
  it.each([generate, streamGenerate])("says no more than 0 of success: $name", async (method) => {
    const { headers, trailers } = await call(method, { spec });
    expect(headers["x-request-id"]).toBe("corr-1");
    expect(trailers?.["grpc-status"]).toBe("0");
    expect(trailers).not.toHaveProperty("grpc-message");
  });

  it.each([generate, streamGenerate])(
    "a failure before the first message is one block, so that native retries stay possible: $name",
    async (method) => {
      // Base64 of each length modulo 3 but one would be padded.
      for (const model of ["a", "bb", "ccc"]) {
        const { headers, trailers } = await call(method, { spec: { ...spec, model } });
        expect(trailers).toBeUndefined();
        expect(headers["grpc-status"]).toBe("5");
        expect(headers["grpc-status-details-bin"]).toMatch(/^[A-Za-z0-9+/]+$/);
        expect(headers["x-request-id"]).toBe("corr-1");
        expect(headers["x-steer-replica"]).toMatch(/^[0-9a-f]{8}$/);
      }
    },
  );

  it("a stream without events has its headers: resuming behind the last one", async () => {
    const client = createGrpcClient(service.grpc);
    let last = 0;
    let streamId = "";
    for await (const { sequence, event } of client.stream(streamGenerate, { spec })) {
      last = sequence;
      if (event.case === "start") streamId = event.value.streamId;
    }
    client.close();
    const { headers, trailers } = await call(resumeStream, { streamId, lastSequence: last });
    expect(trailers?.["grpc-status"]).toBe("0");
    expect(headers["x-steer-stream-id"]).toBe(streamId);
  });

  it.each([
    [{ "content-type": "application/grpc+json" }, 415],
    [{ "content-type": "application/grpc-web" }, 415],
    [{ ":method": "PUT" }, 415],
    [{ "content-type": "application/grpc+proto" }, 200],
    [{ "content-type": "application/grpc;charset=utf-8" }, 200],
  ])("reads nothing but protobuf over gRPC: %j", async (headers, status) => {
    const answer = await call(generate, { spec }, headers);
    expect(answer.headers[":status"]).toBe(status);
  });
});
