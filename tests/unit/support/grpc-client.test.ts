import { create, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import {
  Health,
  HealthCheckResponseSchema,
} from "../../../gen/service/grpc/health/v1/health_pb.ts";
import { createGrpcClient, type GrpcClient } from "../../support/grpc-client.ts";

type Watch = grpc.ServerWritableStream<Buffer, Buffer>;

const ANSWER = Buffer.from(
  toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status: 1 })),
);
const { CANCELLED, UNAVAILABLE } = grpc.status;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A client of a server whose method Watch does this. */
async function clientOf(watch: (call: Watch) => void): Promise<GrpcClient> {
  const server = new grpc.Server();
  const method = {
    path: `/${Health.typeName}/Watch`,
    requestStream: false,
    responseStream: true,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  } as const;
  server.addService({ watch: method }, { watch });
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = createGrpcClient(`127.0.0.1:${port}`);
  ends.push(
    () => client.close(),
    () => server.forceShutdown(),
  );
  return client;
}

const refuse = (call: Watch): void => {
  call.emit("error", { code: UNAVAILABLE, details: "not now" });
};

/** As many answers as a reader keeps unread, and more; the stream goes on. */
const goOn = (call: Watch): void => {
  for (let answer = 0; answer < 50; answer++) call.write(ANSWER);
};

it("a call that fails without headers tells who waits for them, and who reads only then", async () => {
  const client = await clientOf(refuse);
  const call = client.stream(Health.method.watch, {});
  await expect(call.headers).rejects.toMatchObject({ code: UNAVAILABLE });
  await expect(call[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: UNAVAILABLE });
});

it.each([1, 16, 50])("a reader that cancels at message %i ends as CANCELLED", async (at) => {
  const client = await clientOf(goOn);
  const call = client.stream(Health.method.watch, {});
  let seen = 0;
  const reading = (async () => {
    for await (const _ of call) if (++seen >= at) call.cancel();
  })();
  await expect(reading).rejects.toMatchObject({ code: CANCELLED });
  expect(seen).toBeGreaterThanOrEqual(at);
});
