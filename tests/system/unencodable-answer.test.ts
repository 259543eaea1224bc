// An answer that no codec carries ends its call with INTERNAL, typed, and says so on its log line.
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { ModelService as Called } from "../../gen/es/steer/v1/model_service_pb.js";
import {
  ListModelsResponseSchema,
  ModelSchema,
  ModelService,
} from "../../gen/service/steer/v1/model_service_pb.ts";
import { systemClock } from "../../src/clock.ts";
import { createDispatcher } from "../../src/rpc/dispatcher.ts";
import { createGrpcListener } from "../../src/rpc/grpc-listener.ts";
import { serve } from "../../src/rpc/handlers.ts";
import { createHttpListener } from "../../src/rpc/http-listener.ts";
import { addressText } from "../../src/rpc/listen.ts";
import type { Listener } from "../../src/rpc/listener.ts";
import { callsOf } from "../support/calls.ts";
import { createGrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";

const lines: Readonly<Record<string, unknown>>[] = [];
let grpc: Listener;
let http: Listener;

/** A handler whose answer has a number that the contract cannot carry. */
const broken = serve(ModelService, {
  listModels: async () =>
    create(ListModelsResponseSchema, { models: [create(ModelSchema, { contextWindow: 2 ** 40 })] }),
  getModel: async () => create(ModelSchema, { id: "m" }),
} as never);

beforeAll(async () => {
  const dispatcher = createDispatcher({
    services: [broken],
    calls: callsOf("alice", { log: (line) => void lines.push(line) }),
    requestBytes: 64 * 1024,
    clock: systemClock,
  });
  const shared = { address: { host: "127.0.0.1", port: 0 }, tls: undefined, dispatcher };
  grpc = await createGrpcListener({
    ...shared,
    image: new Uint8Array(),
    clock: systemClock,
  } as never);
  http = await createHttpListener({
    ...shared,
    corsOrigins: [],
    requestBytes: 65_536,
    clock: systemClock,
    storeTrouble: () => undefined,
  });
});

afterAll(async () => {
  await Promise.all([grpc.close(), http.close()]);
});

function expectLogged(system: string): void {
  const told = lines.splice(0);
  expect(told).toMatchObject([
    { event: "call", system, code: "INTERNAL" },
    { event: "defect", method: "steer.v1.ModelService/ListModels" },
  ]);
  expect(JSON.stringify(told)).toContain("at ");
}

it("field:S1 over gRPC", async () => {
  const client = createGrpcClient(addressText(grpc.address));
  const error = await client.unary(Called.method.listModels, {}).catch((thrown: unknown) => thrown);
  client.close();
  expect(error).toMatchObject({ code: 13 });
  expect(gatewayErrorOf(error)).toMatchObject({ category: ErrorCategory.INTERNAL });
  expectLogged("grpc");
});

it.each(["application/json", "application/proto"])("field:S1 over HTTP as %s", async (type) => {
  const response = await fetch(
    `http://${addressText(http.address)}/steer.v1.ModelService/ListModels`,
    {
      method: "POST",
      headers: { "content-type": type },
      body: type === "application/json" ? "{}" : new Uint8Array(),
    },
  );
  expect(response.status).toBe(500);
  const body = (await response.json()) as { code: string; details: { type: string }[] };
  expect(body.code).toBe("internal");
  expect(body.details.map(({ type: name }) => name)).toContain("steer.v1.GatewayError");
  expectLogged("connectrpc");
});
