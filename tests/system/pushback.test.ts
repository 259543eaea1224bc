import { afterEach, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { because } from "../support/explained-settings.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { eventually, type Stack } from "../support/stack.ts";
import { ask, CALM, requestsOf, script, startTargets, through } from "../support/targets.ts";

const C = ErrorCategory;
const MODES = ["unary", "stream"] as const;

/** Retries of gRPC itself, as a client configures them. */
const SERVICE_CONFIG = {
  methodConfig: [
    {
      name: [
        { service: GenerationService.typeName, method: "Generate" },
        { service: GenerationService.typeName, method: "StreamGenerate" },
      ],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.2s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
};

let stack: Stack | undefined;
let client: GrpcClient | undefined;

afterEach(async () => {
  client?.close();
  await stack?.[Symbol.asyncDispose]();
  client = undefined;
  stack = undefined;
});

/** The service, and a client that repeats calls by the published policy. */
async function start(config: object) {
  const own = await startTargets(config);
  const retrying = createGrpcClient(own.service.grpc, undefined, {
    "grpc.service_config": JSON.stringify(SERVICE_CONFIG),
    "grpc.enable_retries": 1,
  });
  stack = own;
  client = retrying;
  return { stack: own, client: retrying };
}

/** Calls of the generation service that the service has seen to their end. */
function callsSeen({ service }: Stack): Record<string, unknown>[] {
  return service.log.filter(
    ({ event, method }) =>
      event === "call" && String(method).startsWith(GenerationService.typeName),
  );
}

describe.each(MODES)("a client with a retry policy, %s,", (mode) => {
  it("A-45: makes one call where the gateway's attempts are used up, and is told how many those were", async () => {
    const own = await start(CALM);
    const answer = await ask(own.client, mode, through({ a: script({}, { status: 503 }) }));
    expect(answer).toMatchObject({ code: 14, typed: { reason: "ATTEMPTS_EXHAUSTED" } });
    expect(answer.trailer("grpc-retry-pushback-ms")).toBe("-1");
    expect(answer.trailer("x-steer-attempts")).toBe("3");
    // Time in which a client without an answer to hold to would have come again.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(callsSeen(own.stack)).toHaveLength(1);
    expect(own.stack.upstream.requests).toHaveLength(3);
  });

  it("A-45: counts the attempts over all targets", async () => {
    const own = await start(CALM);
    const down = { status: 503 };
    const scripts = { a: script({}, down), b: script({}, down), c: script({}, down) };
    const answer = await ask(own.client, mode, through(scripts));
    expect(answer.trailer("x-steer-attempts")).toBe("4");
    expect(answer.trailer("grpc-retry-pushback-ms")).toBe("-1");
    // The status holds the first and the last two of them, the event of a stream all.
    expect(answer.typed?.attempts.map(({ index }) => index)).toEqual([1, 3, 4]);
    expect(answer.typed?.attemptsLeftOut).toBe(1);
    if (mode === "stream") expect(answer.generation?.attempts).toHaveLength(4);
    expect(own.stack.upstream.requests).toHaveLength(4);
  });

  it("is told −1 and the time of the next probe by an open circuit, and nothing is sent", async () => {
    const health = because("two failures open a circuit, and no probe is let through", {
      consecutive_failures: 1,
      min_span: "1ms",
      ejection: "20s",
      panic: false,
    });
    const own = await start({ retry: CALM.retry, health });
    // Failures of one moment are a blip.
    for (let call = 0; call < 2; call++) {
      const once = { retry: { maxAttempts: 1 } };
      await ask(own.client, mode, through({ a: script({}, { status: 503 }) }, once));
    }
    const sent = own.stack.upstream.requests.length;
    const answer = await ask(own.client, mode, through({ a: script({ tokens: 3 }) }));
    expect(answer).toMatchObject({
      code: 14,
      typed: { category: C.CIRCUIT_OPEN, reason: "CIRCUIT_OPEN", retryable: true },
    });
    expect(answer.trailer("grpc-retry-pushback-ms")).toBe("-1");
    expect(answer.retryInfoMs).toBeGreaterThan(10_000);
    expect(answer.retryInfoMs).toBeLessThanOrEqual(20_000);
    expect(Number(answer.trailer("retry-after"))).toBeGreaterThan(10);
    expect(answer.trailer("x-steer-attempts")).toBe("0");
    expect(own.stack.upstream.requests).toHaveLength(sent);
    await eventually(() => callsSeen(own.stack).length === 3);
  });

  it("comes again where nothing was executed: `max_in_flight` calls run and the queue is full", async () => {
    const limit = because("two calls fill the target and its queue, for as long as the test", {
      max_in_flight: 1,
      queue_length: 1,
      queue_wait: "10s",
    });
    const own = await start({ ...CALM, limit });
    own.stack.upstream.hold();
    const spec = () => through({ a: script({ tokens: 3 }) });
    const running = ask(own.stack.client, "stream", spec());
    await eventually(() => requestsOf(own.stack, "a").length === 1);
    const queued = ask(own.stack.client, mode, spec());
    const status = async () => {
      const { providers } = await own.stack.client.unary(AdminService.method.getProviderStatus, {
        providers: ["a"],
      });
      return [providers["a"]?.inFlight, providers["a"]?.queued];
    };
    await eventually(async () => (await status())[1] === 1);
    expect(await status()).toEqual([1, 1]);

    // One that does not come again reads why.
    const refused = await ask(own.stack.client, mode, spec());
    expect(refused).toMatchObject({ code: 14, typed: { reason: "OVERLOADED" }, events: [] });
    expect(refused.trailer("grpc-retry-pushback-ms")).toBe("200");
    expect(refused.retryInfoMs).toBe(200);
    expect(refused.trailer("x-steer-attempts")).toBe("0");

    // One that does is answered.
    await eventually(() => callsSeen(own.stack).length === 1);
    const persistent = ask(own.client, mode, spec());
    await eventually(() => callsSeen(own.stack).length === 2);
    expect(requestsOf(own.stack, "a")).toHaveLength(1);
    own.stack.upstream.release(Number.POSITIVE_INFINITY);
    const answers = await Promise.all([running, queued, persistent]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(requestsOf(own.stack, "a")).toHaveLength(3);
    // The one in the queue was sent when the first had ended, and says how long it waited.
    const [wait] = answers[1]?.generation?.attempts ?? [];
    expect(wait?.delay).toBeDefined();
    await eventually(() => callsSeen(own.stack).length === 5);
    expect(callsSeen(own.stack).filter(({ code }) => code === "UNAVAILABLE")).toHaveLength(2);
  });

  it("a queue ends after `queue_wait`", async () => {
    const limit = because("one call fills the target", { max_in_flight: 1 });
    const own = await start({ ...CALM, limit });
    own.stack.upstream.hold();
    const running = ask(own.stack.client, "stream", through({ a: script({ tokens: 3 }) }));
    await eventually(() => requestsOf(own.stack, "a").length === 1);
    const late = await ask(own.stack.client, mode, through({ a: script({ tokens: 3 }) }));
    expect(late.typed?.reason).toBe("OVERLOADED");
    // Another target takes the call at once.
    const scripts = { a: script({ tokens: 3 }), b: script({}, { status: 400 }) };
    expect((await ask(own.stack.client, mode, through(scripts))).typed?.provider).toBe("b");
    own.stack.upstream.release(Number.POSITIVE_INFINITY);
    await running;
  });
});

describe.each(MODES)("a rate limit of every target, %s,", (mode) => {
  it("A-47: is passed on with the provider's delay as RetryInfo, `retry-after` and pushback", async () => {
    const own = await start(CALM);
    const fault = { status: 429, headers: { "retry-after": "90" } };
    const answer = await ask(own.stack.client, mode, through({ a: script({}, fault) }));
    expect(answer).toMatchObject({
      code: 8,
      retryInfoMs: 90_000,
      typed: {
        category: C.RATE_LIMIT,
        reason: "PROVIDER_RATE_LIMIT",
        retryDelay: { seconds: 90n },
      },
    });
    expect(answer.trailer("retry-after")).toBe("90");
    expect(answer.trailer("grpc-retry-pushback-ms")).toBe("90000");
    // Longer than `retry.max_wait`: it is not waited for.
    expect(own.stack.upstream.requests).toHaveLength(1);
    // And the next call does not go there at all.
    const next = await ask(own.stack.client, mode, through({ a: script({ tokens: 3 }) }));
    expect(next.typed?.category).toBe(C.RATE_LIMIT);
    expect(next.retryInfoMs).toBeGreaterThan(80_000);
    expect(own.stack.upstream.requests).toHaveLength(1);
  });
});
