import { expect, it } from "vitest";
import { fromFile } from "../../support/config-file.ts";

it("field:E21 limits of instances and of models are read with every key", () => {
  const { providers, models, reliability } = fromFile(`
providers:
  - id: vllm
    type: openai
    base_url: "http://127.0.0.1:8000/v1"
    unary_upstream: stream
    trace_context: true
    timeouts: {idle: 3s, answer_failover: 90s}
    limit: {max_in_flight: 1, queue_wait: 2m}
models:
  - id: org/my-llama
    provider: vllm
    timeouts: {connect: 1s, first_token: 4m, first_token_failover: 3m, idle: 2m, reasoning: 5m, reasoning_failover: 4m}
    limit: {queue_length: 9, caller_share: 1}
  - {id: plain, provider: vllm}
`);
  expect(providers[0]).toMatchObject({
    unaryUpstream: "stream",
    traceContext: true,
    timeouts: { idleMs: 3_000, answerFailoverMs: 90_000 },
  });
  expect(models[0]?.timeouts).toEqual({
    connectMs: 1_000,
    firstTokenMs: 240_000,
    firstTokenFailoverMs: 180_000,
    idleMs: 120_000,
    reasoningMs: 300_000,
    reasoningFailoverMs: 240_000,
  });
  expect(reliability.targetLimits).toEqual(
    new Map([
      ["vllm", { maxInFlight: 1, queueWaitMs: 120_000 }],
      ["vllm/org/my-llama", { queueLength: 9, callerShare: 1 }],
    ]),
  );
});

it("field:X7 places are shared where there are several callers, if nothing else is said", () => {
  const [one, another] = ["a", "b"].map(
    (id) => `{id: ${id}, role: caller, key_sha256: "${id.repeat(64)}"}`,
  );
  const shareOf = (config: string): number => fromFile(config).reliability.limit.callerShare;
  expect(shareOf("{}")).toBe(1);
  expect(shareOf("allow_unauthenticated: true")).toBe(1);
  expect(shareOf(`callers: [${one}]`)).toBe(1);
  expect(shareOf(`callers: [${one}, ${another}]`)).toBe(0.75);
  expect(shareOf(`callers: [${one}]\nallow_unauthenticated: true`)).toBe(0.75);
  expect(shareOf(`callers: [${one}, ${another}]\nlimit: {caller_share: 1}`)).toBe(1);
});

it("done_optional is read, and said to be of no use", () => {
  const { warnings } = fromFile("providers: [{id: a, type: openai, done_optional: true}]");
  expect(warnings).toEqual([expect.stringContaining("providers[0].done_optional: not needed")]);
});
