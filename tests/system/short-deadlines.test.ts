import { afterAll, beforeAll, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { requestRaw } from "../support/raw-http.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
const OK = 0;
const DEADLINE_EXCEEDED = 4;
/** A stream without pauses: at its deadline there is always something to be sent. */
const spec = {
  model: "simulator",
  prompt: "Hi",
  providerOptions: { simulator: { tokens: 5_000, pace_ms: 0 } },
};

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService();
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

const codeOf = (error: { readonly code: number }): number => error.code;

async function read(timeoutMs: number): Promise<number> {
  for await (const _ of client.stream(streamGenerate, { spec }, { timeoutMs }));
  return OK;
}

// The client has no clock of its own here: the service alone ends the call.
it.each([1, 2, 5, 10, 20, 50, 100, 200])(
  "a call ends by its deadline of %i ms in the midst of its output, streamed and unary",
  async (timeoutMs) => {
    const streams = Array.from({ length: 5 }, () => read(timeoutMs).catch(codeOf));
    const unary = client.unary(generate, { spec }, { timeoutMs }).then(() => OK, codeOf);
    const codes = await Promise.all([...streams, unary]);
    expect(codes.filter((code) => code !== OK && code !== DEADLINE_EXCEEDED)).toEqual([]);
  },
);

/** Of the HTTP port, where the library counts the deadline. */
async function post(method: string, contentType: string, timeoutMs: number, body: Buffer) {
  const headers = { "content-type": contentType, "connect-timeout-ms": String(timeoutMs) };
  const url = `${service.http}/${GenerationService.typeName}/${method}`;
  return await requestRaw(url, { headers, body });
}

it.each([0, 1, 5])(
  "a deadline of %i ms over HTTP is no defect of the service",
  async (timeoutMs) => {
    const message = Buffer.from(JSON.stringify({ spec: { ...spec, providerOptions: {} } }));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const ended = service.log.length;
    for (let call = 0; call < 5; call++) {
      await post("Generate", "application/json", timeoutMs, message);
      await post(
        "StreamGenerate",
        "application/connect+json",
        timeoutMs,
        Buffer.concat([head, message]),
      );
    }
    const lines = () => service.log.slice(ended);
    await eventually(() => lines().filter(({ event }) => event === "call").length >= 5);
    expect(lines().filter(({ event }) => event === "defect")).toEqual([]);
  },
);
