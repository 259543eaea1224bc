// What requests are inflated to makes room for others once they are decoded, however long their calls last.
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  GenerateRequestSchema,
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { Health, HealthCheckRequestSchema } from "../../gen/service/grpc/health/v1/health_pb.ts";
import {
  openRequest,
  roundTrips,
  type WatchedSession,
  watchSession,
} from "../support/open-request.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const GENERATE = `/${GenerationService.typeName}/Generate`;
const STREAM = `/${GenerationService.typeName}/StreamGenerate`;
const WATCH = `/${Health.typeName}/Watch`;
const GZIP = { "grpc-encoding": "gzip" };
const COMPRESSED = 1;

/** A megabyte each: three times what small requests are inflated to at once. */
const STREAMS = 48;
const PROMPT = "x".repeat(1_000_000);
/** As large as the services that ask for no key take them, and as many as a connection may have. */
const WATCHERS = 256;
const CONNECTIONS = 2;
const NAME = "x".repeat(65_000);

let service: TimedService;

beforeAll(async () => {
  service = await startTimedService();
});

afterAll(() => service.stopAtOnce());

function compressed(message: Uint8Array): Buffer {
  const body = gzipSync(message);
  const head = Buffer.alloc(5);
  head.writeUInt8(COMPRESSED);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

async function expectServed({ session }: WatchedSession): Promise<void> {
  const spec = { model: "simulator", prompt: PROMPT };
  const call = openRequest(session, GENERATE, GZIP);
  call.send(compressed(toBinary(GenerateRequestSchema, create(GenerateRequestSchema, { spec }))));
  call.end();
  expect(await call.ended).toMatchObject({ grpcStatus: "0" });
}

it("field:X3 streams that run hold none of it", async () => {
  using client = watchSession(`http://${service.grpc}`);
  const spec = {
    model: "simulator",
    prompt: PROMPT,
    providerOptions: { simulator: { first_token_ms: 25_000 } },
  };
  const schema = StreamGenerateRequestSchema;
  const message = compressed(toBinary(schema, create(schema, { spec })));
  for (let index = 0; index < STREAMS; index++) {
    const stream = openRequest(client.session, STREAM, GZIP);
    stream.send(message);
    stream.end();
  }
  await roundTrips(client.session, 2);
  await expectServed(client);
  // The streams have not ended.
  expect(service.log.filter(({ event }) => event === "call")).toHaveLength(1);
});

it("field:X3 watchers of health hold none of it", async () => {
  const schema = HealthCheckRequestSchema;
  const message = compressed(toBinary(schema, create(schema, { service: NAME })));
  await using clients = new AsyncDisposableStack();
  for (let connection = 0; connection < CONNECTIONS; connection++) {
    const client = clients.use(watchSession(`http://${service.grpc}`));
    const watchers = Array.from({ length: WATCHERS }, () =>
      openRequest(client.session, WATCH, GZIP),
    );
    for (const watcher of watchers) {
      watcher.send(message);
      watcher.end();
    }
    await Promise.all(watchers.map(({ answered }) => answered));
  }
  await expectServed(clients.use(watchSession(`http://${service.grpc}`)));
});
