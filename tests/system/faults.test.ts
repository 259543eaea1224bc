import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.ts";
import type { GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.ts";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.ts";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

type SpecInit = MessageInitShape<typeof GenerationSpecSchema>;

const { generate, streamGenerate } = GenerationService.method;
const C = ErrorCategory;

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService({ env: { STEER_FAULTS_ALLOW: "true" } });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

function simulated(script: object, fields: SpecInit = {}): SpecInit {
  const providerOptions = { simulator: script as never };
  return { model: "simulator", prompt: "Hi", providerOptions, ...fields };
}

function faulty(fault: object, fields?: SpecInit): SpecInit {
  return simulated({ faults: [{ attempt: 1, ...fault }] }, fields);
}

async function outcome(via: GrpcClient, mode: string, spec: SpecInit) {
  const events: StreamEvent[] = [];
  try {
    if (mode === "unary") await via.unary(generate, { spec });
    else for await (const event of via.stream(streamGenerate, { spec })) events.push(event);
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return { code, message: details, error: gatewayErrorOf(error), events };
  }
  return { code: 0, message: "", error: undefined, events };
}

const SOON = { seconds: 0n, nanos: 200_000_000 };

describe.each(["unary", "stream"])("scripted faults, %s", (mode) => {
  it.each<[string, object, number, ErrorCategory]>([
    ["status", { status: 503 }, 14, C.SERVER_ERROR],
    ["headers", { status: 429, headers: { "retry-after": "3" } }, 8, C.RATE_LIMIT],
    ["body", { status: 429, body: { error: { code: "insufficient_quota" } } }, 8, C.QUOTA],
    ["cut_after_bytes", { cut_after_bytes: 20 }, 14, C.NETWORK],
    ["malformed_at", { malformed_at: 2 }, 13, C.PROTOCOL],
    ["error_at", { error_at: 2 }, 14, C.SERVER_ERROR],
    ["omit_terminator", { omit_terminator: true }, 14, C.TRUNCATED],
    ["refuse", { refuse: true }, 14, C.NETWORK],
  ])("%s ends the call as the wire would", async (_name, fault, code, category) => {
    const failed = await outcome(client, mode, faulty(fault));
    expect(failed).toMatchObject({ code, error: { category, attempts: [{ index: 1 }] } });
    if (mode === "stream") expect(failed.events.at(-1)?.event.case).toBe("error");
  });

  it("stall_after_events is silence, which the caller's limit ends", async () => {
    const limits: SpecInit = { timeouts: mode === "unary" ? { total: SOON } : { idle: SOON } };
    const failed = await outcome(client, mode, faulty({ stall_after_events: 3 }, limits));
    expect(failed).toMatchObject(
      mode === "unary"
        ? { code: 4, error: { category: C.TOTAL_TIMEOUT } }
        : { code: 14, error: { category: C.IDLE_TIMEOUT } },
    );
  });

  it("a fault of another attempt does nothing", async () => {
    const spec = simulated({ faults: [{ attempt: 2, status: 500 }] });
    expect((await outcome(client, mode, spec)).code).toBe(0);
  });

  it.each([
    [{ pace: 1 }, /provider_options\.simulator\.pace: unknown key/],
    [
      { faults: [{ attempt: 1, stattus: 500 }] },
      /provider_options\.simulator\.faults\[0\]\.stattus: unknown key/,
    ],
    [{ tokens: -1 }, /provider_options\.simulator.*tokens/],
    [{ text: 7 }, /provider_options\.simulator.*text/],
  ])("%j is INVALID_ARGUMENT", async (script, message) => {
    const failed = await outcome(client, mode, simulated(script));
    expect(failed).toMatchObject({ code: 3, error: { category: C.VALIDATION }, events: [] });
    expect(failed.message).toMatch(message);
  });
});

describe("where the configuration does not allow faults", () => {
  it("they are refused, and the other options are not", async () => {
    const plain = await startService();
    const own = createGrpcClient(plain.grpc);
    for (const mode of ["unary", "stream"]) {
      expect(await outcome(own, mode, faulty({ status: 500 }))).toMatchObject({
        code: 9,
        error: { reason: "FAULTS_DISABLED", category: C.VALIDATION },
        events: [],
      });
      expect((await outcome(own, mode, simulated({ tokens: 3, pace_ms: 1 }))).code).toBe(0);
    }
    own.close();
    await plain.stop();
  });
});
