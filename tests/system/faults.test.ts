import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AttemptOutcome, AttemptTrigger, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import type { Generation, GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

type SpecInit = MessageInitShape<typeof GenerationSpecSchema>;

const { generate, streamGenerate } = GenerationService.method;
const C = ErrorCategory;

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService({
    config: "faults: {allow: true} # because: the simulator shall fail",
  });
  client = createGrpcClient(service.grpc);
});

/** Every fault is the first that the gateway sees. */
beforeEach(() => resetCircuits(client, ["simulator"]));

afterAll(async () => {
  client.close();
  await service.stop();
});

function simulated(script: object, fields: SpecInit = {}): SpecInit {
  const providerOptions = { simulator: script as never };
  return { model: "simulator", prompt: "Hi", providerOptions, ...fields };
}

/** The first attempt fails, and no other one follows. */
function faulty(fault: object, fields?: SpecInit): SpecInit {
  return simulated({ faults: [{ attempt: 1, ...fault }] }, { retry: ONE_ATTEMPT, ...fields });
}

/** The first attempt fails; whether another one follows is the gateway's own decision. */
function passing(fault: object, fields?: SpecInit): SpecInit {
  return simulated({ faults: [{ attempt: 1, ...fault }] }, fields);
}

async function outcome(via: GrpcClient, mode: string, spec: SpecInit) {
  const events: StreamEvent[] = [];
  try {
    let generation: Generation | undefined;
    if (mode === "unary") ({ generation } = await via.unary(generate, { spec }));
    else for await (const event of via.stream(streamGenerate, { spec })) events.push(event);
    const last = events.at(-1)?.event;
    if (last?.case === "complete") ({ generation } = last.value);
    return { code: 0, message: "", error: undefined, generation, events };
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return { code, message: details, error: gatewayErrorOf(error), generation: undefined, events };
  }
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
    expect(await outcome(client, mode, spec)).toMatchObject({
      code: 0,
      generation: { attempts: [{ outcome: AttemptOutcome.SUCCEEDED }] },
    });
  });

  it.each<[string, object, ErrorCategory]>([
    ["status", { status: 503 }, C.SERVER_ERROR],
    ["error_at", { error_at: 0 }, C.SERVER_ERROR],
    ["refuse", { refuse: true }, C.NETWORK],
  ])("%s before the first content ends with the second attempt", async (_name, fault, category) => {
    const { code, generation, events } = await outcome(client, mode, passing(fault));
    expect(code).toBe(0);
    expect(generation?.attempts).toMatchObject([
      { trigger: AttemptTrigger.INITIAL, outcome: AttemptOutcome.FAILED, errorCategory: category },
      { trigger: AttemptTrigger.RETRY, outcome: AttemptOutcome.SUCCEEDED },
    ]);
    const cases = events.map(({ event }) => event.case);
    expect(cases.filter((each) => each === "error")).toEqual([]);
    if (mode === "stream") expect(cases).toContain("attemptNotice");
  });

  it("a rate limit is waited out as long as the provider asks for", async () => {
    const fault = { status: 429, headers: { "retry-after-ms": "200" } };
    const retry = { initialBackoff: { seconds: 0n, nanos: 1_000_000 } };
    const { generation } = await outcome(client, mode, passing(fault, { retry }));
    const [first, second] = generation?.attempts ?? [];
    expect(first).toMatchObject({ errorCategory: C.RATE_LIMIT, delayFromProvider: false });
    expect(second).toMatchObject({
      outcome: AttemptOutcome.SUCCEEDED,
      delayFromProvider: true,
      delay: { seconds: 0n },
    });
    expect(second?.delay?.nanos).toBeGreaterThanOrEqual(200_000_000);
  });

  it("a fault of every attempt ends the call after three, each with its own record", async () => {
    const faults = [1, 2, 3, 4].map((attempt) => ({ attempt, status: 501 + attempt }));
    const failed = await outcome(client, mode, simulated({ faults }));
    expect(failed).toMatchObject({ code: 14, error: { reason: "ATTEMPTS_EXHAUSTED" } });
    expect(failed.error?.attempts).toMatchObject(
      [1, 2, 3].map((index) => ({ index, providerHttpStatus: 501 + index })),
    );
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
