// What becomes of a call's time, on a clock that the test moves: real clients, whose own deadline is
// far away, and a real server.
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AdminService, RetryDecisionReason } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  ErrorCategory,
  type GatewayError,
  GatewayErrorSchema,
} from "../../gen/es/steer/v1/error_pb.js";
import type { Generation } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { eventually } from "../support/stack.ts";
import {
  ask,
  outline,
  readText,
  requestsOf,
  type SpecInit,
  script,
  targetsConfiguration,
  through,
} from "../support/targets.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const C = ErrorCategory;
const TEXT = "In time and not a moment later.";
const DEADLINE_MS = 100_000;
const HALF_MS = DEADLINE_MS / 2;
/** Shorter than the time in which a connection must answer a PING. */
const STEP_MS = 5_000;

let upstream: Upstream;
let service: TimedService;
let client: GrpcClient;

beforeEach(async () => {
  upstream = await startUpstream();
  const env = { UP_KEY: "secret-key" };
  service = await startTimedService(targetsConfiguration(upstream.url), 0.5, env);
  client = createGrpcClient(service.grpc);
});

afterEach(async () => {
  client.close();
  await service.stopAtOnce();
  await upstream.close();
});

/** The target has got its next request. */
function arrived(target: string, before: number, count = 1): Promise<void> {
  return eventually(() => requestsOf({ upstream }, target).length >= before + count);
}

/** Moves the clock on in steps between which the connection's own pings are answered. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= STEP_MS) {
    await service.clock.advance(Math.min(left, STEP_MS));
    await client.unary(AdminService.method.getRetryMetrics, {});
  }
}

const seen = (target: string): number => requestsOf({ upstream }, target).length;

interface Unary {
  readonly code: number;
  readonly typed: GatewayError | undefined;
  readonly generation: Generation | undefined;
}

/** A unary call with `grpc-timeout`, or with `connect-timeout-ms`. */
async function unaryBy(header: string, spec: SpecInit): Promise<Unary> {
  if (header === "grpc-timeout") return ask(client, "unary", spec, { timeoutMs: DEADLINE_MS });
  const transport = createConnectTransport({ baseUrl: service.http, httpVersion: "1.1" });
  const connect = createClient(GenerationService, transport);
  try {
    const { generation } = await connect.generate({ spec }, { timeoutMs: DEADLINE_MS });
    return { code: 0, typed: undefined, generation };
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const [typed] = error.findDetails(GatewayErrorSchema);
    return { code: error.code, typed, generation: undefined };
  }
}

const stalled = () => script({ text: "never" }, { stall_after_events: 0 });

describe.each(["grpc-timeout", "connect-timeout-ms"])(
  "a unary call's deadline, by %s,",
  (header) => {
    it("is split over the attempts: the fallback answers for a silent primary within it", async () => {
      const [before, others] = [seen("a"), seen("b")];
      const done = unaryBy(header, through({ a: stalled(), b: script({ text: TEXT }) }));
      await arrived("a", before);
      await pass(HALF_MS - 100);
      expect(seen("b")).toBe(others);
      await pass(STEP_MS);
      const { code, generation } = await done;
      expect(code).toBe(0);
      expect(generation).toMatchObject({
        provider: "b",
        outputText: TEXT,
        attempts: [{ provider: "a", errorCategory: C.FIRST_TOKEN_TIMEOUT }, { provider: "b" }],
      });
      await eventually(() => requestsOf({ upstream }, "a").at(-1)?.closedAt !== undefined);
    });

    it("ends with the typed error and the attempts, before the client's own", async () => {
      const before = { a: seen("a"), b: seen("b") };
      const done = unaryBy(header, through({ a: stalled(), b: stalled() }));
      await arrived("a", before.a);
      await pass(HALF_MS + STEP_MS);
      await arrived("b", before.b);
      await pass(HALF_MS + STEP_MS);
      const { code, typed } = await done;
      expect(code).toBe(4);
      expect(typed).toMatchObject({
        category: C.TOTAL_TIMEOUT,
        reason: "TOTAL_TIMEOUT",
        attempts: [{ provider: "a" }, { provider: "b" }],
      });
      expect(typed?.totalUsage?.inputTokens).toBeGreaterThan(0);
    });

    it("A-43: is not slept through: a hint beyond it fails at once with the provider's error", async () => {
      const before = seen("a");
      const fault = { status: 429, headers: { "retry-after": "101" } };
      // Nothing moves the clock: what waits would wait for ever.
      const { typed } = await unaryBy(header, through({ a: script({}, fault) }));
      expect(typed).toMatchObject({ category: C.RATE_LIMIT, retryDelay: { seconds: 101n } });
      expect(seen("a") - before).toBe(1);
    });
  },
);

it("no attempt starts that cannot finish: less time is left than the target mostly needs", async () => {
  upstream.hold();
  // What answers as a whole needs 45 s there.
  const usual = through({ c: script({ text: TEXT }, { held: true }) });
  const all = Promise.all([1, 2, 3, 4, 5].map(() => ask(client, "unary", usual)));
  await arrived("c", 0, 5);
  await pass(45_000);
  upstream.release(5);
  expect((await all).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  const before = seen("c");
  const late = through({ c: script({}, { held: true, error_at: 0 }) });
  const done = ask(client, "unary", late, { timeoutMs: DEADLINE_MS });
  await arrived("c", before);
  await pass(58_000);
  upstream.release(Number.POSITIVE_INFINITY);
  const { code, typed } = await done;
  // The original failure, and not "deadline exceeded".
  expect(code).toBe(14);
  expect(typed).toMatchObject({ category: C.SERVER_ERROR, attempts: [{ provider: "c" }] });
  expect(seen("c") - before).toBe(1);
  const { providers } = await client.unary(AdminService.method.getRetryMetrics, {});
  expect(providers["c"]?.decisions).toMatchObject([
    {
      category: C.SERVER_ERROR,
      retried: false,
      reason: RetryDecisionReason.DEADLINE,
      count: 1n,
    },
  ]);
});

it.each(["unary", "stream"] as const)(
  "A-30: a call whose request limits the first token ends then, long before the total, %s",
  async (mode) => {
    const timeouts = { firstToken: { seconds: 0n, nanos: 500_000_000 } };
    let isOver = false;
    const done = ask(client, mode, through({ a: stalled() }, { timeouts })).finally(() => {
      isOver = true;
    });
    await arrived("a", 0);
    await pass(499);
    expect(isOver).toBe(false);
    await service.clock.advance(1);
    expect((await done).typed?.category).toBe(C.FIRST_TOKEN_TIMEOUT);
  },
);

it("A-7: a cancelled call ends at once in the wait before a repetition, and nothing is sent after it", async () => {
  const { generate, streamGenerate } = GenerationService.method;
  const cancelled = () => service.log.filter(({ code }) => code === "CANCELLED").length;
  const fault = { status: 429, headers: { "retry-after": "30" } };
  // Of two targets: neither call waits for the other's limit.
  const controller = new AbortController();
  const { signal } = controller;
  const spec = through({ a: script({}, fault) });
  const unary = client.unary(generate, { spec }, { signal }).catch((error) => error);
  const stream = client.stream(streamGenerate, {
    spec: through({ b: script({}, fault) }),
    options: { onDisconnect: DisconnectPolicy.CANCEL },
  });
  await eventually(() => upstream.requests.length === 2);
  await pass(20_000);
  controller.abort();
  stream.cancel();
  expect(await unary).toMatchObject({ code: 1 });
  // The wait was not sat out: nothing moves the clock.
  await eventually(() => cancelled() === 2);
  await pass(60_000);
  expect(upstream.requests).toHaveLength(2);
});

describe("a stream's deadline", () => {
  /** Shorter than the limit of silence, and longer than the machine needs. */
  const SHORT_MS = 12_000;

  /** A call of which the server has sent three words, at its deadline. */
  async function endedByDeadline(stream: { readonly ephemeral?: boolean }) {
    upstream.hold();
    const spec = through({ a: script({ tokens: 60 }) });
    let isOver = false;
    const done = ask(client, "stream", spec, { timeoutMs: SHORT_MS, stream }).finally(() => {
      isOver = true;
    });
    await arrived("a", 0);
    upstream.release(3);
    await eventually(() => requestsOf({ upstream }, "a").at(-1)?.sent === 3);
    await pass(SHORT_MS);
    await eventually(async () => {
      await service.clock.advance(100);
      return isOver;
    });
    return done;
  }

  it("bounds an ephemeral one: what came stays, then the typed error", async () => {
    const { code, typed, events } = await endedByDeadline({ ephemeral: true });
    expect(code).toBe(4);
    expect(typed).toMatchObject({ category: C.TOTAL_TIMEOUT, attempts: [{ provider: "a" }] });
    const kinds = outline(events).filter((kind) => kind !== "heartbeat");
    expect(kinds).toEqual(["start", "textDelta", "error"]);
    expect(readText(events)).toMatch(/^word0 /);
    await eventually(() => requestsOf({ upstream }, "a").at(-1)?.closedAt !== undefined);
  });

  it("bounds the delivery of a stored one: the generation goes on", async () => {
    const first = await endedByDeadline({});
    expect(first.code).toBe(4);
    const start = first.events[0]?.event;
    const streamId = start?.case === "start" ? start.value.streamId : "";
    const { sequence = 0, writer = 0 } = first.events.at(-1) ?? {};
    upstream.release(Number.POSITIVE_INFINITY);
    const rest: StreamEvent[] = [];
    const request = { streamId, lastSequence: sequence, lastWriter: writer };
    for await (const event of client.stream(GenerationService.method.resumeStream, request)) {
      rest.push(event);
    }
    expect(rest.at(-1)?.event.case).toBe("complete");
    const words = readText([...first.events, ...rest]).trim();
    expect(words.split(" ")).toHaveLength(60);
  });
});
