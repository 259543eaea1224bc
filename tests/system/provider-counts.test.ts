// Counts of tokens by a provider, over real HTTP: they run through the engine as generations do.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AdminService, CircuitState } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import {
  GenerationService,
  TokenCountMethod,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { attribute, type OtlpSink, startSink } from "../support/otlp-sink.ts";
import { ONE_ATTEMPT, resetCircuits } from "../support/reset-circuits.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";
import { COUNTED_TOKENS } from "../support/upstream.ts";

const { countTokens, generate } = GenerationService.method;
const { getProviderStatus, getRetryMetrics } = AdminService.method;
const MODEL = "m-claude";

let sink: OtlpSink;
let stack: Stack;

beforeAll(async () => {
  sink = await startSink();
  stack = await startStack({ env: sink.env });
});
beforeEach(() => resetCircuits(stack.client, ["claude"]));
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  sink.close();
});

/** A count of its own prompt: the same request that fails again says nothing more of its target. */
let serial = 0;
function count(method: TokenCountMethod, { isOneAttempt = true, trace = "" } = {}) {
  const retry = isOneAttempt ? ONE_ATTEMPT : { maxAttempts: 5, maxTotalAttempts: 5 };
  const spec = { model: MODEL, prompt: `Hi ${serial++}`, retry };
  const metadata = trace === "" ? {} : { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  return stack.client.unary(countTokens, { spec, method }, { metadata });
}

async function status() {
  const { providers } = await stack.client.unary(getProviderStatus, {});
  return providers["claude"];
}

const circuit = async () => (await status())?.modelCircuits[MODEL]?.state;

it("a count is asked for again after a failure, and each attempt has its span", async () => {
  const { outages, requests } = stack.upstream;
  const trace = "c".repeat(32);
  const before = requests.length;
  outages.set(MODEL, { attempt: 1, status: 500 });
  const counted = count(TokenCountMethod.PROVIDER, { isOneAttempt: false, trace });
  await eventually(async () => ((await status())?.totalFailures ?? 0n) > 0n);
  outages.clear();
  expect(await counted).toMatchObject({
    inputTokens: COUNTED_TOKENS,
    source: UsageSource.PROVIDER,
  });
  const { providers } = await stack.client.unary(getRetryMetrics, {});
  expect(providers["claude"]).toMatchObject({
    retries: BigInt(requests.length - before - 1),
    recoveredRequests: 1n,
  });
  const spans = () => sink.spans.filter(({ traceId }) => traceId === trace);
  await eventually(() => spans().length >= 4);
  const attempts = spans().filter(({ name }) => name === `count_tokens ${MODEL}`);
  expect(attempts).toHaveLength(requests.length - before);
  expect(attempts.map((span) => attribute(span, "steer.attempt.outcome")).sort()).toContain(
    "failed",
  );
  expect(spans().some(({ name }) => name === "backoff")).toBe(true);
});

it("counts that fail open a circuit of their own, which the first that succeeds closes", async () => {
  const states = () =>
    stack.service.log.flatMap(({ event, operation, state }) =>
      event === "circuit" ? [[operation, state]] : [],
    );
  stack.upstream.outages.set(MODEL, { attempt: 1, status: 500 });
  const failed = await count(TokenCountMethod.PROVIDER).catch((error: unknown) => error);
  expect(gatewayErrorOf(failed)?.category).toBe(ErrorCategory.SERVER_ERROR);
  await eventually(async () => {
    const estimate = await count(TokenCountMethod.UNSPECIFIED);
    expect(estimate.source).toBe(UsageSource.ESTIMATED);
    return states().length > 0;
  });
  expect(states()).toEqual([["count_tokens", "open"]]);
  stack.upstream.outages.clear();
  expect(await circuit()).toBe(CircuitState.CLOSED);
  await stack.client.unary(generate, { spec: { model: MODEL, prompt: "Hi", retry: ONE_ATTEMPT } });
  await eventually(async () => {
    await count(TokenCountMethod.UNSPECIFIED);
    return states().length > 1;
  });
  expect(states()[1]).toEqual(["count_tokens", "closed"]);
});
