import { afterAll, beforeAll, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { streamGenerate, resumeStream, cancelGeneration } = GenerationService.method;

let redis: RedisServer;
let owner: ServiceProcess;
let other: ServiceProcess;

beforeAll(async () => {
  redis = await startRedis();
  const options = {
    env: { STEER_STREAM_STORE: redis.url },
    config: `
drain: {notice: 100ms, grace: 400ms} # because: the streams outlast any grace
stream: {store_timeout: 10s} # because: a busy machine is no store that is away
`,
  };
  [owner, other] = await Promise.all([startService(options), startService(options)]);
});

afterAll(async () => {
  await Promise.all([owner, other].map((service) => service.stop()));
  await redis[Symbol.asyncDispose]();
});

it("a reader of another replica's stream is sent away with a typed error, and goes on there", async () => {
  const here = createGrpcClient(owner.grpc);
  const there = createGrpcClient(other.grpc);
  const simulator = { tokens: 10_000, pace_ms: 20 } as never;
  const spec = { model: "simulator", prompt: "Hi", providerOptions: { simulator } };
  const creator = here.stream(streamGenerate, { spec });
  const first = await creator[Symbol.asyncIterator]().next();
  const start = (first.value as StreamEvent).event;
  const streamId = start.case === "start" ? start.value.streamId : "";

  const seen: StreamEvent[] = [];
  let ended: unknown;
  const reading = (async () => {
    for await (const event of there.stream(resumeStream, { streamId, lastSequence: 0 })) {
      seen.push(event);
      if (seen.length === 5) other.signal("SIGTERM");
    }
  })().catch((error: unknown) => {
    ended = error;
  });
  await reading;
  expect(ended).toMatchObject({ code: 14 });
  expect(gatewayErrorOf(ended)).toMatchObject({ reason: "DRAINING", retryable: true });
  expect(await other.exited).toBe(0);

  // The owner has not been asked for anything: the same reader goes on behind its last event.
  const { sequence = 0, writer = 0 } = seen.at(-1) ?? {};
  const cursor = { lastSequence: sequence, lastWriter: writer };
  for await (const event of here.stream(resumeStream, { streamId, ...cursor })) {
    expect(event.sequence).toBe(sequence + 1);
    break;
  }
  await here.unary(cancelGeneration, { target: { case: "streamId", value: streamId } });
  here.close();
  there.close();
});
