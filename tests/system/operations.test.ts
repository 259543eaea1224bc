import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AdminService,
  CircuitState,
  RetryDecisionReason,
  UnavailableReason,
} from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import type { GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";
import type { UpstreamFault, UpstreamScript } from "../support/upstream/script.ts";

type SpecInit = MessageInitShape<typeof GenerationSpecSchema>;
type Fault = Omit<UpstreamFault, "attempt">;

const { generate, streamGenerate } = GenerationService.method;
const { getProviderStatus, resetCircuit, getRetryMetrics } = AdminService.method;
const C = ErrorCategory;
const R = RetryDecisionReason;

/** A second model of two instances; one call at a time; a budget of two retries that nothing refills. */
const CONFIG = `
  - {id: m-chat-mini, provider: chat}
  - {id: m-claude-mini, provider: claude}
health: {panic: false, ejection: 60s, min_span: 1ms} # because: a circuit opens at once and stays open
limit: {max_in_flight: 1, queue_wait: 30s} # because: one call fills a target, and the next waits
budget: {capacity: 28, throttle_cost: 14, refill: 0, fill: 8784h} # because: two retries use it up for good
`;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: CONFIG });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const millis = (count: number) => ({ seconds: 0n, nanos: count * 1_000_000 });

async function statusOf(provider: string) {
  const { providers } = await stack.client.unary(getProviderStatus, { providers: [provider] });
  const status = providers[provider];
  if (status === undefined) throw new Error(`no status of ${provider}`);
  return status;
}

function specOf(provider: string, script: UpstreamScript, fields: SpecInit = {}): SpecInit {
  const providerOptions = { [provider]: { simulator: script as never } };
  return { model: `m-${provider}`, prompt: "Hi", providerOptions, ...fields };
}

/** A fault of the first attempt that names itself, so that attempts are counted for its call alone. */
let serial = 0;
function scripted(fault: Fault | undefined): UpstreamScript {
  if (fault === undefined) return {};
  const headers = { ...fault.headers, "x-test": String(serial++) };
  return { faults: [{ attempt: 1, ...fault, headers }] };
}

/** Sends a call and says how it ended, and how many requests it took. */
async function send(provider: string, fault?: Fault, fields: SpecInit = {}) {
  const before = stack.upstream.requests.length;
  const spec = specOf(provider, scripted(fault), fields);
  const error = await stack.client.unary(generate, { spec }).then(
    () => undefined,
    (thrown: unknown) => gatewayErrorOf(thrown),
  );
  return { error, requests: stack.upstream.requests.length - before };
}

const once = { retry: ONE_ATTEMPT };

/** Fails so often that the circuit opens. */
async function eject(provider: string, fields: SpecInit = {}): Promise<void> {
  for (let call = 0; call < 5; call++) {
    await send(provider, { status: 503 }, { ...once, ...fields });
  }
}

describe("GetProviderStatus", () => {
  it("knows every provider before its first call", async () => {
    const response = await stack.client.unary(getProviderStatus, {});
    expect(response.replicaCount).toBe(1);
    expect(response.replica).not.toBe("");
    expect(response.providers["grok"]).toMatchObject({
      available: true,
      circuit: { state: CircuitState.CLOSED, windowRequests: 0n },
      modelCircuits: {},
      totalRequests: 0n,
      concurrencyLimit: 1,
      retryBudget: 1,
    });
    expect(response.providers["openai"]).toMatchObject({
      available: false,
      reason: UnavailableReason.NOT_CONFIGURED,
      message: "set OPENAI_API_KEY",
    });
  });

  it("shows a circuit per model, and the provider as open once no model takes calls", async () => {
    const before = Date.now();
    await send("chat", undefined, { model: "m-chat-mini" });
    await eject("chat");
    const one = await statusOf("chat");
    expect(one).toMatchObject({
      available: true,
      circuit: { state: CircuitState.CLOSED, windowRequests: 6n, windowFailures: 5n },
      modelCircuits: {
        "m-chat": {
          state: CircuitState.OPEN,
          consecutiveFailures: 5,
          failureRate: 1,
          windowRequests: 5n,
          windowFailures: 5n,
        },
        "m-chat-mini": { state: CircuitState.CLOSED, failureRate: 0, windowRequests: 1n },
      },
      totalRequests: 6n,
      totalFailures: 5n,
      lastErrorCategory: C.SERVER_ERROR,
    });
    const { stateTime, nextProbeTime } = one.modelCircuits["m-chat"] ?? {};
    for (const time of [one.lastSuccessTime, one.lastFailureTime, stateTime, nextProbeTime]) {
      expect(time && timestampMs(time)).toBeGreaterThanOrEqual(before - 1);
    }
    expect(nextProbeTime && timestampMs(nextProbeTime)).toBeGreaterThan(
      (stateTime && timestampMs(stateTime)) ?? 0,
    );
    await eject("chat", { model: "m-chat-mini" });
    expect(await statusOf("chat")).toMatchObject({
      available: false,
      reason: UnavailableReason.CIRCUIT_OPEN,
      circuit: { state: CircuitState.OPEN, consecutiveFailures: 5 },
    });
  });

  it("says that nothing is left where one model is rate limited and the other open", async () => {
    await eject("claude");
    await send(
      "claude",
      { status: 429, headers: { "retry-after": "90" } },
      {
        ...once,
        model: "m-claude-mini",
      },
    );
    expect((await statusOf("claude")).available).toBe(false);
    await resetCircuits(stack.client, ["claude"]);
    expect((await statusOf("claude")).available).toBe(true);
  });

  it("counts an overload as half a failure", async () => {
    await resetCircuits(stack.client, ["claude"]);
    await send("claude", { status: 529 }, once);
    const { modelCircuits } = await statusOf("claude");
    expect(modelCircuits["m-claude"]).toMatchObject({ windowRequests: 1n, failureRate: 0.5 });
  });

  it("shows who runs, who waits, and what is left of the retry budget", async () => {
    await resetCircuits(stack.client, ["responses"]);
    const spec = specOf("responses", { first_token_ms: 60_000 });
    const sent = stack.upstream.requests.length + 1;
    const running = stack.client.stream(streamGenerate, { spec });
    await eventually(() => stack.upstream.requests.length === sent);
    expect((await statusOf("responses")).inFlight).toBe(1);
    const waiting = send("responses");
    await eventually(async () => (await statusOf("responses")).queued === 1);
    running.cancel();
    expect(await waiting).toEqual({ error: undefined, requests: 1 });
    expect(await statusOf("responses")).toMatchObject({ inFlight: 0, queued: 0, retryBudget: 1 });
    // Calls of one second would make room for their own repetitions.
    const sendLater = async () => {
      await delay(1_100);
      return (await send("responses", { status: 503 })).requests;
    };
    expect(await sendLater()).toBe(2);
    expect((await statusOf("responses")).retryBudget).toBeCloseTo(0.5);
    expect(await sendLater()).toBe(2);
    expect(await sendLater()).toBe(1);
    const { providers } = await stack.client.unary(getRetryMetrics, { providers: ["responses"] });
    expect(providers["responses"]).toMatchObject({ retries: 2n, budgetDenials: 1n });
    expect((await statusOf("responses")).retryBudget).toBeCloseTo(0);
  });
});

describe("ResetCircuit", () => {
  it("closes the circuit of one model: the next call goes out", async () => {
    const models = ["m-chat", "m-chat-mini"];
    for (const model of models) await eject("chat", { model });
    expect(await send("chat")).toMatchObject({ error: { reason: "CIRCUIT_OPEN" }, requests: 0 });
    const reset = { provider: "chat", model: "m-chat" };
    expect(await stack.client.unary(resetCircuit, reset)).toMatchObject({
      previousState: CircuitState.OPEN,
      status: {
        available: true,
        modelCircuits: {
          "m-chat": { state: CircuitState.CLOSED, consecutiveFailures: 0, windowRequests: 0n },
          "m-chat-mini": { state: CircuitState.OPEN },
        },
      },
    });
    await stack.service.logged({ provider: "chat", model: "m-chat", previous_circuit: "open" });
    expect(await send("chat")).toEqual({ error: undefined, requests: 1 });
    const other = await send("chat", undefined, { model: "m-chat-mini" });
    expect(other).toMatchObject({ error: { reason: "CIRCUIT_OPEN" }, requests: 0 });
  });

  it("without a model closes all of them", async () => {
    await eject("chat", { model: "m-chat-mini" });
    await stack.client.unary(resetCircuit, { provider: "chat" });
    const other = await send("chat", undefined, { model: "m-chat-mini" });
    expect(other).toEqual({ error: undefined, requests: 1 });
  });

  const { AUTHENTICATION, LIMIT_REACHED } = UnavailableReason;
  it.each<[string, Fault, UnavailableReason, ErrorCategory]>([
    ["a cooldown", { status: 429, headers: { "retry-after": "90" } }, LIMIT_REACHED, C.RATE_LIMIT],
    ["a refused credential", { status: 401 }, AUTHENTICATION, C.PROVIDER_AUTHENTICATION],
    ["a used quota", { status: 402 }, LIMIT_REACHED, C.QUOTA],
  ])("ends %s", async (_name, fault, reason, category) => {
    await resetCircuits(stack.client, ["responses"]);
    const startedAt = Date.now();
    await send("responses", fault, once);
    const paused = await statusOf("responses");
    expect(paused).toMatchObject({ available: false, reason, lastErrorCategory: category });
    const isCooling = category === C.RATE_LIMIT;
    expect(paused.cooldownEndTime !== undefined).toBe(isCooling);
    if (paused.cooldownEndTime !== undefined) {
      expect(timestampMs(paused.cooldownEndTime)).toBeGreaterThanOrEqual(startedAt + 89_000);
    }
    expect(await send("responses")).toMatchObject({ error: { category }, requests: 0 });
    const { previousState, status } = await stack.client.unary(resetCircuit, {
      provider: "responses",
    });
    expect(previousState).toBe(CircuitState.CLOSED);
    expect(status).toMatchObject({ available: true, reason: UnavailableReason.UNSPECIFIED });
    expect(status?.cooldownEndTime).toBeUndefined();
    expect(await send("responses")).toEqual({ error: undefined, requests: 1 });
  });

  it.each([
    [{ provider: "chatt" }, "PROVIDER_NOT_FOUND"],
    [{ provider: "chat", model: "m-grok" }, "MODEL_NOT_FOUND"],
  ])("of %j is NOT_FOUND", async (request, reason) => {
    const failed = await stack.client.unary(resetCircuit, request).catch(gatewayErrorOf);
    expect(failed).toMatchObject({ code: 5, reason });
  });
});

describe("GetRetryMetrics", () => {
  it("counts requests, attempts, and decisions by category and reason", async () => {
    const calls: [Fault, SpecInit][] = [
      [{ status: 503 }, { retry: { initialBackoff: millis(20), jitter: 0 } }],
      [{ status: 503, headers: { "x-should-retry": "false" } }, {}],
      [{ status: 503 }, once],
      [{ status: 503 }, { retry: { retryOn: [C.RATE_LIMIT] } }],
      [
        { status: 503 },
        {
          retry: { initialBackoff: { seconds: 15n }, maxBackoff: { seconds: 15n }, jitter: 0 },
          timeouts: { total: { seconds: 10n } },
        },
      ],
      [{ status: 400 }, {}],
      [{ status: 429 }, { routing: { fallbacks: [{ model: "simulator" }] } }],
    ];
    const reset = () => resetCircuits(stack.client, ["grok"]);
    for (const [fault, fields] of calls) await reset().then(() => send("grok", fault, fields));
    await reset();
    const spec = specOf("grok", scripted({ cut_after_bytes: 1_500 }));
    await expect(async () => {
      for await (const _ of stack.client.stream(streamGenerate, { spec }));
    }).rejects.toMatchObject({ code: 14 });

    const providers = ["grok", "simulator"];
    const metrics = await stack.client.unary(getRetryMetrics, { providers });
    expect(metrics.replicaCount).toBe(1);
    expect(metrics.replica).not.toBe("");
    expect(metrics.startTime && timestampMs(metrics.startTime)).toBeLessThanOrEqual(Date.now());
    expect(Object.keys(metrics.providers).sort()).toEqual(providers);
    const { grok, simulator } = metrics.providers;
    expect(grok).toMatchObject({
      requests: 8n,
      attempts: 9n,
      retries: 1n,
      failovers: 0n,
      recoveredRequests: 1n,
      exhaustedRequests: 5n,
      budgetDenials: 0n,
      totalDelay: millis(20),
    });
    expect(simulator).toMatchObject({ attempts: 1n, failovers: 1n, recoveredRequests: 1n });
    expect(metrics.total).toMatchObject({ requests: 8n, attempts: 10n, recoveredRequests: 2n });
    const counted = grok?.errors.map(({ category, count }) => [category, count]);
    expect(counted?.[0]).toEqual([C.SERVER_ERROR, 5n]);
    expect(new Set(counted?.slice(1).map(([category]) => category))).toEqual(
      new Set([C.VALIDATION, C.RATE_LIMIT, C.NETWORK]),
    );
    const decisions = grok?.decisions.map(({ category, retried, reason, count }) => [
      category,
      retried,
      reason,
      count,
    ]);
    const expected = [
      [C.SERVER_ERROR, true, R.CLASSIFIER, 1n],
      [C.SERVER_ERROR, false, R.EXPLICIT_HINT, 1n],
      [C.SERVER_ERROR, false, R.ATTEMPTS, 1n],
      [C.SERVER_ERROR, false, R.POLICY, 1n],
      [C.SERVER_ERROR, false, R.DEADLINE, 1n],
      [C.VALIDATION, false, R.CLASSIFIER, 1n],
      [C.RATE_LIMIT, true, R.CLASSIFIER, 1n],
      [C.NETWORK, false, R.OUTPUT_DELIVERED, 1n],
    ];
    expect(decisions).toHaveLength(expected.length);
    expect(decisions).toEqual(expect.arrayContaining(expected));
  });
});
