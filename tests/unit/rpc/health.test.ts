import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../../gen/service/grpc/health/v1/health_pb.ts";
import { createHealthService, type HealthService } from "../../../src/rpc/health.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;
/** As the service says it. */
const MAX_WATCHERS = 1_000;

let health: HealthService;
let server: grpc.Server;
let client: grpc.Client;

beforeEach(async () => {
  health = createHealthService(["known"]);
  server = new grpc.Server();
  health.addTo(server);
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});

afterEach(() => {
  client.close();
  server.forceShutdown();
});

/** A watcher, with what it is told until it ends. */
function watch(service = "") {
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
  const watchers = [watch(""), watch("known"), watch("stranger")] as const;
  await Promise.all(watchers.map(({ heard }) => heard(1)));
  health.setServing(true);
  health.setServing(false);
  health.setServing(false);
  health.setServing(true);
  const [all, one, stranger] = await Promise.all(watchers.map(({ heard }) => heard(3)));
  expect([all, one]).toEqual(Array(2).fill([SERVING, NOT_SERVING, SERVING]));
  expect(stranger).toEqual(Array(3).fill(SERVICE_UNKNOWN));
});

it("there are as many watchers as there is room for, and one that leaves makes room", async () => {
  const watchers = Array.from({ length: MAX_WATCHERS }, () => watch());
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
