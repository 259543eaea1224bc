// What clients can hold of the services that ask for no key: health checks and reflection.
import { afterAll, beforeAll, expect, it } from "vitest";
import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import { openRequest, roundTrips, watchSession } from "../support/open-request.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const MAX_OF_CONNECTION = 256;
const WATCH = `/${Health.typeName}/Watch`;
const CHECK = `/${Health.typeName}/Check`;
const RESOURCE_EXHAUSTED = "8";
/** A message without fields. */
const EMPTY = Buffer.alloc(5);

let service: TimedService;

beforeAll(async () => {
  service = await startTimedService("callers: []");
});

afterAll(() => service.stopAtOnce());

it("field:X2: a connection has so many watchers, and another one has its own", async () => {
  using greedy = watchSession(`http://${service.grpc}`);
  const kept = Array.from({ length: MAX_OF_CONNECTION }, () => openRequest(greedy.session, WATCH));
  for (const watcher of kept) watcher.send(EMPTY);
  await roundTrips(greedy.session, 2);
  const late = openRequest(greedy.session, WATCH);
  expect(await late.ended).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
  using other = watchSession(`http://${service.grpc}`);
  const probe = openRequest(other.session, CHECK);
  probe.send(EMPTY);
  probe.end();
  expect(await probe.ended).toMatchObject({ grpcStatus: "0" });
  const [first] = kept;
  first?.cancel();
  await first?.ended;
  await roundTrips(greedy.session, 2);
  const next = openRequest(greedy.session, CHECK);
  next.send(EMPTY);
  next.end();
  expect(await next.ended).toMatchObject({ grpcStatus: "0" });
});
