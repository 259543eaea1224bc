import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../../gen/service/grpc/health/v1/health_pb.ts";
import { ModelService } from "../../../gen/service/steer/v1/model_service_pb.ts";
import { systemClock } from "../../../src/clock.ts";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { createGrpcListener } from "../../../src/rpc/grpc-listener.ts";
import type { Listener } from "../../../src/rpc/listener.ts";
import { callsOf } from "../../support/calls.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;
/** As the service says it. */
const MAX_WATCHERS = 1_000;

/** As many watchers as one connection may have. */
const WATCHERS_OF_CLIENT = 250;

let listener: Listener;
let clients: grpc.Client[];

beforeEach(async () => {
  const requestBytes = 64 * 1024;
  listener = await createGrpcListener({
    address: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    requestBytes,
    dispatcher: createDispatcher({
      services: [{ service: ModelService, handlers: {} }],
      calls: callsOf("alice"),
      requestBytes,
      clock: systemClock,
    }),
    image: new Uint8Array(),
    clock: systemClock,
    ageLimit: undefined,
  });
  clients = Array.from(
    { length: MAX_WATCHERS / WATCHERS_OF_CLIENT },
    () =>
      new grpc.Client(`127.0.0.1:${listener.address.port}`, grpc.credentials.createInsecure(), {
        "grpc.use_local_subchannel_pool": 1,
      }),
  );
});

afterEach(async () => {
  for (const client of clients) client.close();
  await listener.close();
});

/** A watcher, with what it is told until it ends. */
function watch(service = "", client = clients[0] as grpc.Client) {
  const call = client.makeServerStreamRequest(
    `/${Health.typeName}/Watch`,
    (name: string) =>
      Buffer.from(
        toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: name })),
      ),
    (bytes) => fromBinary(HealthCheckResponseSchema, bytes).status,
    service,
  );
  const told: (ServingStatus | "RESOURCE_EXHAUSTED" | "cancelled")[] = [];
  const waiting = new Set<() => void>();
  const tell = (what: (typeof told)[number]): void => {
    told.push(what);
    for (const look of waiting) look();
  };
  call.on("data", tell);
  call.on("error", ({ code }: grpc.ServiceError) =>
    tell(code === grpc.status.RESOURCE_EXHAUSTED ? "RESOURCE_EXHAUSTED" : "cancelled"),
  );
  /** Resolves with all of it once there are so many. */
  const heard = (count: number): Promise<typeof told> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (told.length < count) return;
        waiting.delete(look);
        resolve(told);
      };
      waiting.add(look);
      look();
    });
  return { heard, cancel: () => call.cancel() };
}

it("a watcher is told at once, of each change, and never the same twice", async () => {
  const watchers = [watch(""), watch(ModelService.typeName), watch("stranger")] as const;
  await Promise.all(watchers.map(({ heard }) => heard(1)));
  listener.setServing(true);
  listener.setServing(false);
  listener.setServing(false);
  listener.setServing(true);
  const [all, one, stranger] = await Promise.all(watchers.map(({ heard }) => heard(3)));
  expect([all, one]).toEqual(Array(2).fill([SERVING, NOT_SERVING, SERVING]));
  expect(stranger).toEqual(Array(3).fill(SERVICE_UNKNOWN));
});

it("there are as many watchers as there is room for, and one that leaves makes room", async () => {
  const watchers = clients.flatMap((client) =>
    Array.from({ length: WATCHERS_OF_CLIENT }, () => watch("", client)),
  );
  await Promise.all(watchers.map(({ heard }) => heard(1)));
  expect(await watch().heard(1)).toEqual(["RESOURCE_EXHAUSTED"]);
  const [leaving] = watchers;
  leaving?.cancel();
  await leaving?.heard(2);
  // The service hears of it a moment after the client.
  let last = await watch().heard(1);
  while (last[0] === "RESOURCE_EXHAUSTED") last = await watch().heard(1);
  expect(last).toEqual([SERVING]);
  expect(await watch().heard(1)).toEqual(["RESOURCE_EXHAUSTED"]);
});
