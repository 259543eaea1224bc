import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AdminService, RetryDecisionReason } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  ErrorCategory,
  type GatewayError,
  GatewayErrorSchema,
} from "../../gen/es/steer/v1/error_pb.js";
import type { Generation } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { eventually, type Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  outline,
  readText,
  requestsOf,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const C = ErrorCategory;
const TEXT = "In time and not a moment later.";
const MODES = ["unary", "stream"] as const;
const DEADLINE_MS = 1_200;

let stack: Stack;

beforeAll(async () => {
  stack = await startTargets(CALM);
});

beforeEach(async () => {
  await resetTargets(stack);
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

interface Unary {
  readonly code: number;
  readonly typed: GatewayError | undefined;
  readonly generation: Generation | undefined;
}

/** A unary call with `grpc-timeout`, or with `connect-timeout-ms`. */
async function unaryBy(header: string, spec: SpecInit): Promise<Unary> {
  if (header === "grpc-timeout") {
    return ask(stack.client, "unary", spec, { timeoutMs: DEADLINE_MS });
  }
  const transport = createConnectTransport({ baseUrl: stack.service.http, httpVersion: "1.1" });
  const client = createClient(GenerationService, transport);
  try {
    const { generation } = await client.generate({ spec }, { timeoutMs: DEADLINE_MS });
    return { code: 0, typed: undefined, generation };
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const [typed] = error.findDetails(GatewayErrorSchema);
    return { code: error.code, typed, generation: undefined };
  }
}

const stalled = () => script({ text: "never" }, { stall_after_events: 0 });

/**
 * The service answers a tenth of a second before a deadline. Where a busy machine gives it no processor for
 * as long as that, the libraries end the call: one of ten tries has to show the service's own end.
 */
const ON_A_BUSY_MACHINE = { retry: 9 };

describe.each(["grpc-timeout", "connect-timeout-ms"])(
  "a unary call's deadline, by %s,",
  ON_A_BUSY_MACHINE,
  (header) => {
    it("is split over the attempts: the fallback answers for a silent primary within it", async () => {
      const scripts = { a: stalled(), b: script({ text: TEXT }) };
      const { code, generation } = await unaryBy(header, through(scripts));
      expect(code).toBe(0);
      expect(generation).toMatchObject({
        provider: "b",
        outputText: TEXT,
        attempts: [{ provider: "a", errorCategory: C.FIRST_TOKEN_TIMEOUT }, { provider: "b" }],
      });
      await eventually(() => requestsOf(stack, "a").at(-1)?.closedAt !== undefined);
    });

    it("ends with the typed error and the attempts, before the client's own", async () => {
      const { code, typed } = await unaryBy(header, through({ a: stalled(), b: stalled() }));
      expect(code).toBe(4);
      expect(typed).toMatchObject({
        category: C.TOTAL_TIMEOUT,
        reason: "TOTAL_TIMEOUT",
        attempts: [{ provider: "a" }, { provider: "b" }],
      });
      expect(typed?.totalUsage?.inputTokens).toBeGreaterThan(0);
    });

    it("A-43: is not slept through: a hint beyond it fails at once with the provider's error", async () => {
      const before = stack.upstream.requests.length;
      const fault = { status: 429, headers: { "retry-after": "5" } };
      const startedAt = performance.now();
      const { typed } = await unaryBy(header, through({ a: script({}, fault) }));
      expect(typed).toMatchObject({ category: C.RATE_LIMIT, retryDelay: { seconds: 5n } });
      expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS);
      expect(stack.upstream.requests.length - before).toBe(1);
    });
  },
);

it(
  "no attempt starts that cannot finish: less time is left than the target mostly needs",
  ON_A_BUSY_MACHINE,
  async () => {
    // What answers as a whole needs 0.9 s there.
    const usual = through({ c: script({ text: TEXT, first_token_ms: 900 }) });
    await Promise.all([1, 2, 3, 4, 5].map(() => ask(stack.client, "unary", usual)));
    const before = stack.upstream.requests.length;
    const late = script({ first_token_ms: 1_200 }, { error_at: 0 });
    const { code, typed } = await ask(stack.client, "unary", through({ c: late }), {
      timeoutMs: 2_000,
    });
    // The original failure, and not "deadline exceeded".
    expect(code).toBe(14);
    expect(typed).toMatchObject({ category: C.SERVER_ERROR, attempts: [{ provider: "c" }] });
    expect(stack.upstream.requests.length - before).toBe(1);
    const { providers } = await stack.client.unary(AdminService.method.getRetryMetrics, {});
    expect(providers["c"]?.decisions).toMatchObject([
      {
        category: C.SERVER_ERROR,
        retried: false,
        reason: RetryDecisionReason.DEADLINE,
        count: 1n,
      },
    ]);
  },
);

it(
  "a deadline bounds an ephemeral stream: what came stays, then the typed error",
  ON_A_BUSY_MACHINE,
  async () => {
    const spec = through({ a: script({ tokens: 200, pace_ms: 20 }) });
    const stream = { ephemeral: true };
    const { code, typed, events } = await ask(stack.client, "stream", spec, {
      timeoutMs: 700,
      stream,
    });
    expect(code).toBe(4);
    expect(typed).toMatchObject({ category: C.TOTAL_TIMEOUT, attempts: [{ provider: "a" }] });
    expect(outline(events)).toEqual(["start", "textDelta", "error"]);
    expect(readText(events)).toMatch(/^word0 /);
    await eventually(() => requestsOf(stack, "a").at(-1)?.closedAt !== undefined);
  },
);

it(
  "a deadline bounds the delivery of a stored stream: the generation goes on",
  ON_A_BUSY_MACHINE,
  async () => {
    const spec = through({ a: script({ tokens: 60, pace_ms: 20 }) });
    const first = await ask(stack.client, "stream", spec, { timeoutMs: 600 });
    expect(first.code).toBe(4);
    const start = first.events[0]?.event;
    const streamId = start?.case === "start" ? start.value.streamId : "";
    const { sequence = 0, writer = 0 } = first.events.at(-1) ?? {};
    const rest: StreamEvent[] = [];
    const request = { streamId, lastSequence: sequence, lastWriter: writer };
    for await (const event of stack.client.stream(GenerationService.method.resumeStream, request)) {
      rest.push(event);
    }
    expect(rest.at(-1)?.event.case).toBe("complete");
    expect(
      readText([...first.events, ...rest])
        .trim()
        .split(" "),
    ).toHaveLength(60);
  },
);

it("A-7: a cancelled call ends at once in the wait before a repetition, and nothing is sent after it", async () => {
  const { generate, streamGenerate } = GenerationService.method;
  const before = stack.upstream.requests.length;
  const cancelled = () => stack.service.log.filter(({ code }) => code === "CANCELLED").length;
  const ended = cancelled();
  const fault = { status: 429, headers: { "retry-after-ms": "1500" } };
  // Of two targets: neither call waits for the other's limit.
  const controller = new AbortController();
  const { signal } = controller;
  const spec = through({ a: script({}, fault) });
  const unary = stack.client.unary(generate, { spec }, { signal }).catch((error) => error);
  const stream = stack.client.stream(streamGenerate, {
    spec: through({ b: script({}, fault) }),
    options: { onDisconnect: DisconnectPolicy.CANCEL },
  });
  await eventually(() => stack.upstream.requests.length === before + 2);
  const sentAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 150));
  controller.abort();
  stream.cancel();
  expect(await unary).toMatchObject({ code: 1 });
  await eventually(() => cancelled() === ended + 2);
  // The wait was not sat out.
  expect(performance.now() - sentAt).toBeLessThan(1_300);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(stack.upstream.requests).toHaveLength(before + 2);
});

describe("A-31: the limits of a stream are separate:", () => {
  const ms = (value: number) => ({ seconds: 0n, nanos: value * 1_000_000 });
  const slow = { tokens: 12, pace_ms: 60 };

  it.each<[string, object, SpecInit["timeouts"], ErrorCategory | undefined]>([
    ["the one of the first token ends with it", slow, { firstToken: ms(500) }, undefined],
    [
      "the one of silence begins behind it",
      { tokens: 3, first_token_ms: 700 },
      { idle: ms(500) },
      undefined,
    ],
    [
      "silence counts from the last content",
      { ...slow, stall: true },
      { idle: ms(300) },
      C.IDLE_TIMEOUT,
    ],
    ["the total goes on", slow, { total: ms(500), idle: ms(900) }, C.TOTAL_TIMEOUT],
    ["an attempt's own bounds it whole", slow, { attempt: ms(500) }, C.IDLE_TIMEOUT],
  ])("%s", async (_name, { stall, ...answer }: { stall?: boolean }, timeouts, category) => {
    const faults = stall === true ? [{ stall_after_events: 8 }] : [];
    const spec = through({ a: script(answer, ...faults) }, { ...(timeouts && { timeouts }) });
    const { typed, events } = await ask(stack.client, "stream", spec);
    expect(typed?.category).toBe(category);
    if (category !== undefined) expect(readText(events)).toMatch(/^word0 /);
  });
});

describe("a rate limit's hint", () => {
  /** Waits between the requests that a target got, in milliseconds. */
  const gaps = (target: string, from: number): number[] =>
    requestsOf(stack, target)
      .slice(from)
      .map(({ receivedAt }, index, all) => receivedAt - Number(all[index - 1]?.receivedAt))
      .slice(1);

  it("A-42: of 2 s is waited out, and other calls wait for it as well", async () => {
    const before = requestsOf(stack, "a").length;
    const fault = { attempt: 1, status: 429, headers: { "retry-after": "2" } };
    const limited = ask(stack.client, "unary", through({ a: script({ text: TEXT }, fault) }));
    await eventually(() => requestsOf(stack, "a").length === before + 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const siblings = [...MODES, ...MODES].map((mode) =>
      ask(stack.client, mode, through({ a: script({ text: TEXT }) })),
    );
    const elsewhere = through({ a: script({ text: "never" }), b: script({ text: TEXT }) });
    const moved = await ask(stack.client, "stream", elsewhere);
    expect(moved.generation?.provider).toBe("b");
    const answers = await Promise.all([limited, ...siblings]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    const [first, ...later] = requestsOf(stack, "a").slice(before);
    expect(later).toHaveLength(5);
    for (const { receivedAt } of later) {
      expect(receivedAt - Number(first?.receivedAt)).toBeGreaterThanOrEqual(2_000);
    }
    for (const { generation } of answers) {
      expect(generation?.attempts.at(-1)).toMatchObject({ delayFromProvider: true });
    }
  });

  it("A-42: holds as the latest error gives it, streamed as well", async () => {
    const before = requestsOf(stack, "a").length;
    const hinted = (attempt: number, hint: string) => ({
      attempt,
      status: 429,
      headers: { "retry-after-ms": hint },
    });
    const scripts = { a: script({ text: TEXT }, hinted(1, "150"), hinted(2, "600")) };
    expect((await ask(stack.client, "stream", through(scripts))).code).toBe(0);
    const [first, second] = gaps("a", before);
    expect(first).toBeGreaterThanOrEqual(150);
    expect(second).toBeGreaterThanOrEqual(600);
  });
});
