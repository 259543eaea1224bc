import { fromBinary, toJson } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import type { ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../gen/es/google/rpc/status_pb.js";
import { GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { type Stack, startStack } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;

/** Below this Python's C core takes the details, base64 and all. */
const MAX_DETAILS_BYTES = 4_096;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

interface Seen {
  readonly code: number;
  readonly message: string;
  readonly info: unknown;
  readonly violations: unknown;
  readonly category: unknown;
  readonly pushback: string | null;
}

/** What must not differ between protocols; identifiers and times do. */
function seenByConnect(thrown: unknown): Seen {
  const error = ConnectError.from(thrown);
  const [info] = error.findDetails(ErrorInfoSchema);
  const [gateway] = error.findDetails(GatewayErrorSchema);
  const [violations] = error.findDetails(BadRequestSchema);
  return {
    code: error.code,
    message: error.rawMessage,
    info: info && toJson(ErrorInfoSchema, info),
    violations: violations && toJson(BadRequestSchema, violations),
    category: gateway?.category,
    pushback: error.metadata.get("grpc-retry-pushback-ms"),
  };
}

function seenByGrpc(thrown: unknown): Seen {
  const { code, details, metadata } = thrown as ServiceError;
  const [bytes] = metadata.get("grpc-status-details-bin");
  const status = fromBinary(StatusSchema, bytes instanceof Buffer ? bytes : Buffer.alloc(0));
  expect(status).toMatchObject({ code, message: details });
  expect(bytes?.length).toBeLessThanOrEqual(MAX_DETAILS_BYTES + 512);
  const detail = (name: string): Uint8Array | undefined =>
    status.details.find(({ typeUrl }) => typeUrl.endsWith(name))?.value;
  const info = detail(ErrorInfoSchema.typeName);
  const violations = detail(BadRequestSchema.typeName);
  const gateway = detail(GatewayErrorSchema.typeName);
  const [pushback] = metadata.get("grpc-retry-pushback-ms");
  return {
    code,
    message: details,
    info: info && toJson(ErrorInfoSchema, fromBinary(ErrorInfoSchema, info)),
    violations: violations && toJson(BadRequestSchema, fromBinary(BadRequestSchema, violations)),
    category: gateway && fromBinary(GatewayErrorSchema, gateway).category,
    pushback: typeof pushback === "string" ? pushback : null,
  };
}

async function failureOf(run: () => Promise<unknown>, see: (thrown: unknown) => Seen) {
  // Every call meets the same gateway: no cooldown, no open circuit of the one before.
  await resetCircuits(stack.client, ["simulator"]);
  try {
    await run();
  } catch (error) {
    return see(error);
  }
  throw new Error("the call succeeded");
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

let serial = 0;
function faulty(fault: object) {
  const headers = { "retry-after": "3", "x-test": String(serial++) };
  const simulator = { faults: [{ attempt: 1, headers, ...fault }] };
  return { model: "simulator", prompt: "Hi", retry: ONE_ATTEMPT, providerOptions: { simulator } };
}

const MANY = Array.from({ length: 300 }, (_, index) => ({ role: 99, name: "x".repeat(index) }));

describe("one error over every protocol", () => {
  it.each<[string, () => object]>([
    ["a broken rule", () => ({ model: "m-chat", prompt: "Hi", sampling: { temperature: 9 } })],
    ["hundreds of broken rules", () => ({ model: "m-chat", messages: MANY })],
    [
      "a schema that is no JSON",
      () => ({
        model: "m-chat",
        prompt: "Hi",
        outputFormat: { format: { case: "jsonSchema", value: { name: "r", schema: "{" } } },
      }),
    ],
    ["an unknown model", () => ({ model: 'modèle\n東京 %"🚀', prompt: "Hi" })],
    ["a provider without its key", () => ({ model: "claude-opus-5-5", prompt: "Hi" })],
    [
      "what is not built",
      () => ({
        model: "m-chat",
        prompt: "Hi",
        outputFormat: { format: { case: "jsonObject", value: { onInvalid: 2 } } },
      }),
    ],
    [
      "a budget that pays for nothing",
      () => ({
        model: "m-chat",
        prompt: "Hi",
        budget: { maxCostPicos: 1n, currencyCode: "USD" },
      }),
    ],
    ["a rate limit", () => faulty({ status: 429 })],
    ["an answer that breaks off", () => faulty({ cut_after_bytes: 30 })],
    ["an answer without its end", () => faulty({ omit_terminator: true })],
  ])("%s", async (_name, makeSpec) => {
    const { http, grpc } = stack.service;
    const transports: Record<string, Transport> = {
      "connect json": createConnectTransport({
        baseUrl: http,
        httpVersion: "1.1",
        useBinaryFormat: false,
      }),
      "connect binary": createConnectTransport({ baseUrl: http, httpVersion: "1.1" }),
      "grpc-web": createGrpcWebTransport({ baseUrl: http, httpVersion: "1.1" }),
      grpc: createGrpcTransport({ baseUrl: `http://${grpc}` }),
    };
    const expected = await failureOf(
      () => stack.client.unary(generate, { spec: makeSpec() }),
      seenByGrpc,
    );
    expect(expected).toMatchObject({ info: { domain: "steer" } });
    expect(
      await failureOf(
        () => drain(stack.client.stream(streamGenerate, { spec: makeSpec() })),
        seenByGrpc,
      ),
      "grpc-js stream",
    ).toEqual(expected);
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(GenerationService, transport);
      const unary = () => client.generate({ spec: makeSpec() });
      const stream = () => drain(client.streamGenerate({ spec: makeSpec() }));
      expect(await failureOf(unary, seenByConnect), name).toEqual(expected);
      expect(await failureOf(stream, seenByConnect), `${name} stream`).toEqual(expected);
    }
  });
});
