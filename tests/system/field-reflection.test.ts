// What clients can make reflection hold: it asks for no key.
import { once } from "node:events";
import http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServerReflectionRequestSchema } from "../../gen/service/grpc/reflection/v1/reflection_pb.ts";
import { openRequest, roundTrips, watchSession } from "../support/open-request.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const MAX_REQUESTS = 1_000;
const MAX_STREAMS = 100;
const RESOURCE_EXHAUSTED = "8";
const VERSIONS = ["v1", "v1alpha"];
const pathOf = (version: string) =>
  `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;

let service: TimedService;

beforeAll(async () => {
  service = await startTimedService("callers: []");
});

afterAll(() => service.stopAtOnce());

/** Requests for the file of the contract's largest service. */
function questions(count: number): Buffer {
  const fileContainingSymbol = "steer.v1.GenerationService";
  const messageRequest = { case: "fileContainingSymbol", value: fileContainingSymbol } as const;
  const schema = ServerReflectionRequestSchema;
  const body = toBinary(schema, create(schema, { messageRequest }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat(Array.from({ length: count }, () => [head, body]).flat());
}

it.each(VERSIONS)("field:X2: %s reads no more while its reader takes nothing", async (version) => {
  const session = http2.connect(`http://${service.grpc}`, { settings: { initialWindowSize: 0 } });
  session.on("error", () => {});
  await once(session, "remoteSettings");
  const request = openRequest(session, pathOf(version));
  // More than a window of requests: what is not read stays with the client.
  request.send(questions(MAX_REQUESTS * 4));
  await roundTrips(session, 5);
  expect(request.isTaken).toBe(false);
  session.destroy();
});

it.each(VERSIONS)("field:X2: %s answers so many requests on one stream", async (version) => {
  using client = watchSession(`http://${service.grpc}`);
  const served = openRequest(client.session, pathOf(version));
  served.send(questions(20));
  served.end();
  expect(await served.ended).toMatchObject({ grpcStatus: "0" });
  const greedy = openRequest(client.session, pathOf(version));
  greedy.send(questions(MAX_REQUESTS + 1));
  expect(await greedy.ended).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
});

it("field:X2: streams beyond a hundred are refused, and those that end make room", async () => {
  using client = watchSession(`http://${service.grpc}`);
  const path = pathOf("v1");
  const kept = Array.from({ length: MAX_STREAMS }, () => openRequest(client.session, path));
  for (const request of kept) request.send(questions(1));
  await roundTrips(client.session, 2);
  const late = openRequest(client.session, path);
  late.send(questions(1));
  expect(await late.ended).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
  for (const request of kept) request.end();
  await Promise.all(kept.map(({ ended }) => ended));
  await roundTrips(client.session, 2);
  const next = openRequest(client.session, path);
  next.send(questions(1));
  next.end();
  expect(await next.ended).toMatchObject({ grpcStatus: "0" });
});

it("field:X2: a stream that a client keeps outlives the minute of its first request", async () => {
  using client = watchSession(`http://${service.grpc}`);
  const request = openRequest(client.session, pathOf("v1"));
  request.send(questions(1));
  await roundTrips(client.session, 2);
  await service.clock.advance(120_000);
  request.send(questions(1));
  request.end();
  expect(await request.ended).toMatchObject({ grpcStatus: "0" });
});
