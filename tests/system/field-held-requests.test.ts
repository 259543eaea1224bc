// The bytes of a request go once it is decoded: its call can last for an hour.
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { heldBy, INSPECTABLE } from "../support/inspected.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { streamGenerate } = GenerationService.method;
const MIB = 1024 * 1024;
const STREAMS = 12;
const PROMPT_BYTES = 4 * MIB;

/** One that says its first words and goes on for as long as the test lasts. */
const REQUEST = create(StreamGenerateRequestSchema, {
  spec: {
    model: "simulator",
    prompt: "x".repeat(PROMPT_BYTES),
    providerOptions: { simulator: { tokens: 1_000, pace_ms: 1_000 } },
  },
});

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({ env: INSPECTABLE });
});

afterAll(() => service.stop());

/** What the service holds for each stream once it has begun to answer, in units of the prompt. */
async function heldByStream(begin: () => AsyncIterable<unknown>): Promise<number> {
  const before = await heldBy(service);
  for (let index = 0; index < STREAMS; index++) await begin()[Symbol.asyncIterator]().next();
  const after = await heldBy(service);
  return (after.held - before.held) / STREAMS / PROMPT_BYTES;
}

it("over gRPC", async () => {
  const client = createGrpcClient(service.grpc);
  const held = await heldByStream(() => client.stream(streamGenerate, REQUEST));
  client.close();
  expect(held).toBeLessThan(1.2);
});

it("over Connect", async () => {
  const client = createClient(
    GenerationService,
    createConnectTransport({ baseUrl: service.http, httpVersion: "1.1" }),
  );
  const abort = new AbortController();
  const held = await heldByStream(() => client.streamGenerate(REQUEST, { signal: abort.signal }));
  abort.abort();
  expect(held).toBeLessThan(1.2);
});
