// One caller's streams fill a target, and the calls of another are served as if they did not.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { expectOneWithin } from "../support/expect-one-within.ts";
import {
  type CallOptions,
  createGrpcClient,
  type GrpcClient,
  gatewayErrorOf,
  type StreamCall,
} from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
const { getProviderStatus } = AdminService.method;

const STREAMS = 1_000;
/** As many calls of another caller, one after the other. */
const CALLS = 100;
/** A call takes milliseconds; a place of the queue would take the seconds of a stream. */
const P99_MS = 250;

const keyOf = (id: string): string => `key-of-${id}`;
const as = (id: string): CallOptions => ({ metadata: { authorization: `Bearer ${keyOf(id)}` } });

function callerEntry(id: string, role: string): string {
  const hash = createHash("sha256").update(keyOf(id)).digest("hex");
  return `{id: ${id}, role: ${role}, key_sha256: ${hash}}`;
}

const CONFIG = `callers: [${callerEntry("many", "caller")}, ${callerEntry("few", "caller")}, ${callerEntry("ops", "operator")}]\n`;

/** A stream that has begun says nothing for a while, and then a word again. */
const SLOW = { simulator: { tokens: 1_000, pace_ms: 20_000 } };

let service: ServiceProcess;
let many: GrpcClient;
let few: GrpcClient;
let streams: readonly StreamCall<unknown>[] = [];
/** How those of the streams ended that there was no room for. */
const refused: unknown[] = [];

async function read(stream: StreamCall<unknown>): Promise<void> {
  try {
    for await (const _ of stream);
  } catch (error) {
    refused.push(error);
  }
}

async function places() {
  const { providers } = await few.unary(getProviderStatus, {}, as("ops"));
  const { inFlight = 0, queued = 0 } = providers["simulator"] ?? {};
  return { inFlight, queued };
}

beforeAll(async () => {
  service = await startService({ config: CONFIG });
  many = createGrpcClient(service.grpc);
  few = createGrpcClient(service.grpc);
  const spec = { model: "simulator", prompt: "Hi", providerOptions: SLOW };
  const options = { ephemeral: true };
  streams = Array.from({ length: STREAMS }, () =>
    many.stream(streamGenerate, { spec, options }, as("many")),
  );
  for (const stream of streams) void read(stream);
  await eventually(async () => (await places()).queued > 0);
});

afterAll(async () => {
  for (const stream of streams) stream.cancel();
  many.close();
  few.close();
  await service.stop();
});

/** The time of the slowest but one in a hundred, in milliseconds. */
async function p99(call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let calls = 0; calls < CALLS; calls++) {
    const startedAt = performance.now();
    await call();
    took.push(performance.now() - startedAt);
  }
  return took.toSorted((a, b) => a - b).at(-2) ?? 0;
}

describe("a target that one caller's streams fill", () => {
  const spec = { model: "simulator", prompt: "Hi" };

  it("field:X7: serves unary calls of another at once", async () => {
    await expectOneWithin(P99_MS, () => p99(() => few.unary(generate, { spec }, as("few"))));
    expect((await places()).inFlight).toBe(384);
  });

  it("field:X7: serves streams of another at once", async () => {
    await expectOneWithin(P99_MS, () =>
      p99(async () => {
        let hasEnded = false;
        for await (const { event } of few.stream(streamGenerate, { spec }, as("few"))) {
          hasEnded ||= event.case === "complete";
        }
        expect(hasEnded).toBe(true);
      }),
    );
  });

  it("field:X7: tells the caller of the many what is too much", async () => {
    await eventually(() => refused.length > 0);
    expect(gatewayErrorOf(refused[0])).toMatchObject({
      reason: "OVERLOADED",
      message: "too many calls of this caller run at simulator/simulator",
    });
  });
});
