import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type GenerationClient, generate } from "../../../clients/typescript/steer.ts";
import { Code, SteerError } from "../../../clients/typescript/steer-error.ts";
import { GenerateResponseSchema } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { createManualClock } from "../../support/manual-clock.ts";

type Failure = Partial<ConstructorParameters<typeof SteerError>[0]>;

const LOST: Failure = { code: Code.UNAVAILABLE };

/** Makes the call; `failures` are its first answers. */
async function run(failures: readonly Failure[], timeoutMs?: number, honoursPushback = false) {
  const requestIds: string[] = [];
  const timeouts: (number | undefined)[] = [];
  const waits: number[] = [];
  const clock = createManualClock();
  const runtime = {
    ...clock,
    random: () => 1,
    async sleep(ms: number, signal: AbortSignal): Promise<void> {
      waits.push(ms);
      const slept = clock.sleep(ms, signal);
      void clock.advance(ms);
      await slept;
    },
  };
  const unused = () => {
    throw new Error("not a unary call");
  };
  const client: GenerationClient = {
    honoursPushback,
    async generate(request, options) {
      timeouts.push(options.timeoutMs);
      const failure = failures[requestIds.push(request.requestId) - 1];
      if (failure === undefined) return create(GenerateResponseSchema, { replayed: true });
      throw new SteerError({ code: Code.UNKNOWN, message: "failed", ...failure });
    },
    streamGenerate: unused,
    resumeStream: unused,
  };
  const options = {
    runtime,
    newId: () => "11111111",
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  const result = await generate(client, { spec: { model: "m" } }, options).catch(
    (error: unknown) => error,
  );
  return { result, requestIds, timeouts, waits };
}

describe("a unary call of the helper", () => {
  it("has the same request_id each time", async () => {
    const { result, requestIds, waits } = await run([LOST, { code: Code.ABORTED }]);
    expect(result).toMatchObject({ replayed: true });
    expect(requestIds).toEqual(["11111111", "11111111", "11111111"]);
    expect(waits).toEqual([200, 400]);
  });

  it("waits as long as the service asks for, where nothing was executed", async () => {
    const drained = { code: Code.UNAVAILABLE, isFromGateway: true, pushbackMs: 300 };
    expect((await run([drained])).waits).toEqual([300]);
  });

  it.each<[what: string, failure: Failure]>([
    ["the service forbids it", { ...LOST, isFromGateway: true, pushbackMs: -1 }],
    ["the gateway has failed", { ...LOST, isFromGateway: true }],
    ["it is invalid", { code: Code.INVALID_ARGUMENT }],
    ["its deadline has passed", { code: Code.DEADLINE_EXCEEDED }],
  ])("is not made again when %s", async (_what, failure) => {
    const { result, requestIds } = await run([failure]);
    expect(result).toMatchObject({ code: failure.code });
    expect(requestIds).toHaveLength(1);
  });

  it("is made three times at most", async () => {
    const { result, requestIds } = await run([LOST, LOST, LOST, LOST]);
    expect(result).toBeInstanceOf(SteerError);
    expect(requestIds).toHaveLength(3);
  });

  it("leaves to the library what the library repeats", async () => {
    expect((await run([{ ...LOST, pushbackMs: 300 }], undefined, true)).requestIds).toHaveLength(1);
    expect((await run([LOST], undefined, true)).requestIds).toHaveLength(2);
  });

  it("has one deadline over all repetitions", async () => {
    expect((await run([LOST, LOST], 1_000)).timeouts).toEqual([1_000, 800, 400]);
    expect((await run([LOST, LOST], 500)).timeouts).toEqual([500, 300]);
  });
});
