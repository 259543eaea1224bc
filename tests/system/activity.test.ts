import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ActivityService,
  type WatchActivityResponse,
} from "../../gen/es/steer/admin/v1/activity_service_pb.js";
import { AdminScope } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { CallerRole, CallerService } from "../../gen/es/steer/admin/v1/callers_pb.js";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, gatewayErrorOf, type StreamCall } from "../support/grpc-client.ts";
import {
  CALLER,
  failureOf,
  OPERATOR,
  type OperatedService,
  PROMPT,
  startOperated,
} from "../support/operated-service.ts";
import { startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { watchActivity, listRecentCalls } = ActivityService.method;
const { generate } = GenerationService.method;
const { REPLICA, CLUSTER } = AdminScope;

const bearer = (key: string) => ({ metadata: { authorization: `Bearer ${key}` } });

/** Reads until `isEnough` of all answers so far. */
async function readUntil(
  answers: AsyncIterable<WatchActivityResponse>,
  isEnough: (seen: readonly WatchActivityResponse[]) => boolean,
): Promise<readonly WatchActivityResponse[]> {
  const seen: WatchActivityResponse[] = [];
  for await (const answer of answers) {
    seen.push(answer);
    if (isEnough(seen)) break;
  }
  // Leaving the loop does not end a gRPC call.
  if ("cancel" in answers) (answers as StreamCall<WatchActivityResponse>).cancel();
  return seen;
}

const samplesOf = (answers: readonly WatchActivityResponse[]) =>
  answers.flatMap(({ samples }) => samples);

const sumOf = (
  answers: readonly WatchActivityResponse[],
  of: (sample: ReturnType<typeof samplesOf>[number]) => bigint,
) => samplesOf(answers).reduce((sum, sample) => sum + of(sample), 0n);

describe("the activity of a service", () => {
  let operated: OperatedService;

  beforeAll(async () => {
    operated = await startOperated();
  });

  afterAll(() => operated[Symbol.asyncDispose]());

  /** A watch by each protocol and format. */
  function watches() {
    const request = { scope: REPLICA };
    const overHttp = (useBinaryFormat: boolean) => {
      const baseUrl = operated.service.http;
      const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat });
      const headers = { authorization: "Bearer operator-key" };
      return createClient(ActivityService, transport).watchActivity(request, { headers });
    };
    return {
      gRPC: operated.operator.stream(watchActivity, request),
      Connect: overHttp(true),
      JSON: overHttp(false),
    };
  }

  it("has what ended, in every protocol", async () => {
    const all = Object.entries(watches()).map(async ([protocol, answers]) => [
      protocol,
      await readUntil(answers, (seen) => sumOf(seen, (each) => each.generations) >= 2n),
    ]);
    await operated.finished({ tokens: 20 });
    const faults = [1, 2, 3, 4].map((attempt) => ({ attempt, status: 500 }));
    await operated.finished({ script: { faults } });
    for (const [protocol, answers] of await Promise.all(all)) {
      const seen = answers as readonly WatchActivityResponse[];
      const [first, ...later] = seen;
      const bounds = first?.firstTokenBounds.map(durationMs) ?? [];
      expect([bounds[0], bounds.at(-1)], `${protocol}`).toEqual([10, 81_920]);
      expect(later.every(({ firstTokenBounds }) => firstTokenBounds.length === 0)).toBe(true);
      expect(first).toMatchObject({
        replica: expect.stringMatching(/^[0-9a-f]{8}$/),
        replicas: [first?.replica],
        store: { type: "memory", available: true },
        version: expect.stringMatching(/^\d/),
        draining: false,
      });
      expect(sumOf(seen, (each) => each.attempts)).toBeGreaterThanOrEqual(2n);
      expect(sumOf(seen, (each) => each.outputTokens)).toBeGreaterThanOrEqual(20n);
      const errors = samplesOf(seen).flatMap((each) => each.errors);
      expect(errors.map(({ category }) => category)).toContain(ErrorCategory.SERVER_ERROR);
      const intervals = samplesOf(seen).filter((each) => each.firstTokenCounts.length > 0);
      expect(intervals[0]?.firstTokenCounts.length).toBe(bounds.length + 1);
      const seconds = samplesOf(seen).map(({ endTime }) => Number(endTime?.seconds));
      expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
    }
  });

  it("lists calls with names and numbers, and nothing of their content", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const client = createGrpcClient(operated.service.grpc);
    const metadata = {
      authorization: "Bearer caller-key",
      "x-request-id": "job-7",
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    };
    const spec = { model: "simulator", prompt: PROMPT };
    await client.unary(generate, { spec, requestId: "key-of-the-job" }, { metadata });
    client.close();
    await operated.service.logged({ event: "call", x_request_id: "job-7" });
    const filter = { scope: REPLICA, caller: CALLER, generations: true };
    const page = await operated.operator.unary(listRecentCalls, { ...filter, pageSize: 1 });
    expect(page.calls).toMatchObject([
      {
        method: "steer.v1.GenerationService/Generate",
        system: "grpc",
        caller: CALLER,
        xRequestId: "job-7",
        traceId,
        requestedModel: "simulator",
        provider: "simulator",
        model: "simulator",
        attempts: 1,
        requestId: "key-of-the-job",
        errorCategory: ErrorCategory.UNSPECIFIED,
        cancelled: false,
      },
    ]);
    expect(page.rememberedCalls).toBe(1_000);
    expect(JSON.stringify(page, (_, value) => String(value))).not.toContain(PROMPT);
    const pageToken = page.nextPageToken;
    const next = await operated.operator.unary(listRecentCalls, { ...filter, pageToken });
    expect(next.calls.length).toBeGreaterThan(0);
    expect(next.calls.every(({ xRequestId }) => xRequestId === "")).toBe(true);
    const failed = await operated.operator.unary(listRecentCalls, { ...filter, failed: true });
    expect(failed.calls[0]).toMatchObject({
      errorCategory: ErrorCategory.SERVER_ERROR,
      errorReason: "ATTEMPTS_EXHAUSTED",
      attempts: 3,
    });
  });

  it("is for operators only", async () => {
    const refused = { code: 7, reason: "ROLE_REQUIRED" };
    expect(await failureOf(operated.caller.unary(listRecentCalls, {}))).toEqual(refused);
    const watch = readUntil(operated.caller.stream(watchActivity, {}), () => true);
    expect(await failureOf(watch)).toEqual(refused);
  });

  it("refuses bad input", async () => {
    const refused = { code: 3, reason: "INVALID_REQUEST" };
    for (const ms of [-1, 900_001]) {
      const watch = operated.operator.stream(watchActivity, { history: durationFromMs(ms) });
      expect(await failureOf(readUntil(watch, () => true))).toMatchObject(refused);
    }
    for (const request of [{ pageSize: 201 }, { pageSize: -1 }, { pageToken: "no" }]) {
      expect(await failureOf(operated.operator.unary(listRecentCalls, request))).toEqual(refused);
    }
  });

  it("has no past if none is asked for", async () => {
    const request = { scope: REPLICA, history: durationFromMs(0) };
    const watch = operated.operator.stream(watchActivity, request);
    const [first] = await readUntil(watch, () => true);
    expect(first?.samples).toEqual([]);
  });

  it("is shown to nobody whose key is revoked meanwhile, and costs one line of the log", async () => {
    const { createCaller, createKey, revokeKey } = CallerService.method;
    const caller = { id: "night-watch", role: CallerRole.OPERATOR };
    await operated.operator.unary(createCaller, { caller });
    const { key, secret } = await operated.operator.unary(createKey, { caller: caller.id });
    const client = createGrpcClient(operated.service.grpc);
    const seen: WatchActivityResponse[] = [];
    const ended = readUntil(client.stream(watchActivity, {}, bearer(secret)), (all) => {
      seen.push(...all.slice(seen.length));
      return false;
    });
    const failed = failureOf(ended);
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBeGreaterThan(1);
    await operated.operator.unary(revokeKey, { prefix: key?.prefix ?? "" });
    const before = seen.length;
    expect(await failed).toEqual({ code: 16, reason: "CREDENTIALS_REVOKED" });
    expect(seen.length - before).toBeLessThanOrEqual(1);
    client.close();
    const isOfWatch = (line: Readonly<Record<string, unknown>>): boolean =>
      line["event"] === "call" && line["caller"] === caller.id;
    await expect.poll(() => operated.service.log.some(isOfWatch)).toBe(true);
    expect(operated.service.log.filter(isOfWatch)).toMatchObject([
      { method: "steer.admin.v1.ActivityService/WatchActivity", reason: "CREDENTIALS_REVOKED" },
    ]);
  });

  it("does not show a watcher to itself, but lists its call", async () => {
    const watch = operated.operator.stream(watchActivity, { scope: REPLICA });
    const seen = await readUntil(watch, (all) => all.length === 2);
    expect(samplesOf(seen).at(-1)).toMatchObject({ runningCalls: 0n, runningGenerations: 0n });
    await expect
      .poll(async () => {
        const request = { scope: REPLICA, failed: true, pageSize: 200 };
        const { calls } = await operated.operator.unary(listRecentCalls, request);
        return calls.find(({ cancelled: left }) => left)?.caller;
      })
      .toBe(OPERATOR);
  });
});

it("a watcher does not hold the end of the process, and is sent elsewhere", async () => {
  const service = await startService();
  try {
    const client = createGrpcClient(service.grpc);
    const baseUrl = service.http;
    const transport = createConnectTransport({ baseUrl, httpVersion: "1.1" });
    let wasDraining = false;
    const reading = readUntil(client.stream(watchActivity, { scope: REPLICA }), (seen) => {
      if (seen.length === 2) service.signal("SIGTERM");
      wasDraining ||= seen.at(-1)?.draining === true;
      return false;
    });
    const overHttp = createClient(ActivityService, transport).watchActivity({ scope: CLUSTER });
    const readingHttp = readUntil(overHttp, () => false).catch((error: unknown) => error);
    const error: unknown = await reading.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 14 });
    expect(gatewayErrorOf(error)).toMatchObject({ reason: "DRAINING", retryable: true });
    expect(await readingHttp).toMatchObject({ code: 14 });
    expect(wasDraining).toBe(true);
    client.close();
    const endedAt = performance.now();
    expect(await service.exited).toBe(0);
    // The grace is 25 seconds.
    expect(performance.now() - endedAt).toBeLessThan(20_000);
  } finally {
    await service.stop();
  }
});

describe("the activity of all replicas", () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let services: readonly ServiceProcess[];
  let clients: readonly ReturnType<typeof createGrpcClient>[];

  beforeAll(async () => {
    redis = await startRedis();
    const options = {
      env: { STEER_STREAM_STORE: redis.url },
      config: "stream: {store_timeout: 10s} # because: a busy machine is no store that is away\n",
    };
    services = await Promise.all([startService(options), startService(options)]);
    clients = services.map(({ grpc }) => createGrpcClient(grpc));
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all(services.map((service) => service.stop()));
    await redis[Symbol.asyncDispose]();
  });

  it("is summed at the replica that is watched, and alone with the scope REPLICA", async () => {
    const [here, there] = clients;
    if (here === undefined || there === undefined) throw new Error("two replicas");
    const spec = { model: "simulator", prompt: "Hi" };
    const isWhole = (seen: readonly WatchActivityResponse[]): boolean =>
      samplesOf(seen.slice(-1)).at(-1)?.replicaCount === 2;
    let asked = false;
    const watch = here.stream(watchActivity, { scope: CLUSTER });
    const seen = await readUntil(watch, (all) => {
      if (isWhole(all) && !asked) {
        asked = true;
        void Promise.all([here, there, there].map((each) => each.unary(generate, { spec })));
      }
      const whole = all.filter((each) => isWhole([each]));
      return sumOf(whole, (each) => each.generations) >= 3n;
    });
    expect(seen.at(-1)?.replicas.length).toBe(2);
    expect(seen.at(-1)?.replicas).toContain(seen[0]?.replica);
    const own = await readUntil(here.stream(watchActivity, { scope: REPLICA }), () => true);
    expect(sumOf(own, (each) => each.generations)).toBe(1n);
  });

  it("lists the calls of every replica, once it is asked for them", async () => {
    const [here, there] = clients;
    const metadata = { "x-request-id": "elsewhere" };
    await there?.unary(generate, { spec: { model: "simulator", prompt: "Hi" } }, { metadata });
    const found = async () => {
      const request = { scope: CLUSTER, generations: true };
      const page = await here?.unary(listRecentCalls, request);
      return page?.calls.find(({ xRequestId }) => xRequestId === "elsewhere");
    };
    await expect.poll(found, { timeout: 20_000, interval: 200 }).toBeDefined();
    const call = await found();
    const page = await here?.unary(listRecentCalls, { scope: CLUSTER });
    expect(page?.replicas.length).toBe(2);
    expect(page?.replicas).toContain(call?.replica);
    const own = await here?.unary(listRecentCalls, { scope: REPLICA });
    expect(own?.replicas).not.toContain(call?.replica);
    expect(own?.calls.some(({ xRequestId }) => xRequestId === "elsewhere")).toBe(false);
  });
});
