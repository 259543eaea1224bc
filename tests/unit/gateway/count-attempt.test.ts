import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import {
  breaks,
  byProvider,
  type Count,
  countScene,
  counts,
  estimated,
  NOTHING,
  ONE_ATTEMPT,
  SENDER,
} from "../../support/count-scene.ts";
import { answered } from "../../support/engine.ts";
import { testSpec } from "../../support/provider-request.ts";

it("a count that fails is asked for again, by the request's own retry policy", async () => {
  let calls = 0;
  const { clock, ask, asked, waits, stats, held } = countScene(async () => {
    if (++calls < 3) throw answered(500);
    return 42;
  });
  const counted = ask("provider");
  await clock.advance(60_000);
  expect(await counted).toMatchObject(byProvider);
  expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(waits).toHaveLength(2);
  expect(stats.of("test")).toMatchObject({ totalRequests: 3, totalFailures: 2 });
  expect(held()).toEqual(NOTHING);
});

it("the wait for a repetition is bounded by the time of the call: the estimate comes in time", async () => {
  const { clock, ask, asked } = countScene(async () => {
    throw answered(429, { "retry-after": "30" });
  });
  const started = clock.now();
  expect(await ask("any", { timeoutMs: 8_000 })).toMatchObject(estimated);
  expect([asked.length, clock.now()]).toEqual([1, started]);
});

it("counts that fail open a circuit of their own, and one that succeeds closes it", async () => {
  let count: Count = async () => {
    throw answered(500);
  };
  const asks: Count = (request, signal) => count(request, signal);
  const { clock, ask, asked, state } = countScene(asks);
  for (let call = 0; call < 5; call++) {
    const text = `Hi ${call}`;
    const messages = [{ role: "user" as const, parts: [{ type: "text" as const, text }] }];
    await ask("any", { spec: testSpec({ ...ONE_ATTEMPT.spec, messages }) });
    await clock.advance(500);
  }
  expect([state.counts.circuit.state, state.circuit.state]).toEqual(["open", "closed"]);
  expect(state.health()).toBeUndefined();
  const probe = state.counts.acquireProbe(SENDER);
  expect(probe).toBeDefined();
  const before = asked.length;
  expect(await ask("any")).toMatchObject(estimated);
  await expect(ask("provider")).rejects.toMatchObject({ kind: "circuit-open" });
  expect(asked).toHaveLength(before);
  if (probe !== undefined) probe.end(undefined);
  await clock.advance(30_000);
  count = counts;
  await ask("provider");
  expect(state.counts.circuit.state).toBe("closed");
});

it("counts go on while answers fail, and close no circuit", async () => {
  const { clock, ask, state } = countScene(counts);
  for (let call = 0; call < 5; call++) {
    const permit = state.acquire(SENDER);
    if (!("state" in permit)) permit.end(answered(500));
    await ask("provider");
    await clock.advance(300);
  }
  expect(await ask("provider")).toMatchObject(byProvider);
  expect(state.circuit.state).toBe("open");
});

it("a target that is full makes a count wait for a place", async () => {
  const limit = { ...DEFAULT_SETTINGS.limit, maxInFlight: 1, queueWaitMs: 1_000 };
  const settings = { ...DEFAULT_SETTINGS, limit };
  const { clock, ask, asked, state } = countScene(counts, { settings });
  const other = state.acquire(SENDER);
  const late = ask("provider");
  await clock.advance(999);
  expect(asked).toEqual([]);
  if (!("state" in other)) other.end(undefined);
  await clock.advance(0);
  expect(await late).toMatchObject(byProvider);
  state.acquire(SENDER);
  const full = expect(ask("provider")).rejects.toMatchObject({ kind: "gateway-overloaded" });
  await clock.advance(1_000);
  await full;
});

it.each([
  [429, { state: "cooling" }],
  [403, { state: "out" }],
  [529, { state: "cooling" }],
])("a count that is refused by status %i pauses counts, and no answer", async (status, pause) => {
  const { ask, asked, state } = countScene(async () => {
    throw answered(status, { "retry-after": "30" });
  });
  expect(await ask("any", ONE_ATTEMPT)).toMatchObject(estimated);
  expect(state.health()).toBeUndefined();
  expect(state.counts.health()).toMatchObject(pause);
  state.reset();
  expect(state.counts.health()).toBeUndefined();
  expect(asked).toHaveLength(1);
});

it("a count that succeeds is no sign that an account has credit again", async () => {
  const { ask, state } = countScene(counts);
  const permit = state.acquire(SENDER);
  if (!("state" in permit)) permit.end(answered(402));
  expect(state.health()).toMatchObject({ state: "out", kind: "quota" });
  await ask("provider");
  expect(state.health()).toMatchObject({ state: "out", kind: "quota" });
});

it("a credential that a count is refused for is out for generations as well", async () => {
  const { ask, state } = countScene(async () => {
    throw answered(401);
  });
  expect(await ask("any")).toMatchObject(estimated);
  expect(state.health()).toMatchObject({ state: "out", kind: "provider-authentication" });
});

it("how long a count takes says nothing of how long an answer takes", async () => {
  const { ask, state } = countScene(counts);
  for (let call = 0; call < 5; call++) await ask("provider");
  const now = 1;
  expect(state.counts.counted.quantile(0.5, now)).toBe(0);
  expect([state.streamed.quantile(0.5, now), state.whole.quantile(0.5, now)]).toEqual([
    undefined,
    undefined,
  ]);
});

it("each attempt has a span, whose trace goes to the provider where the operator wants it", async () => {
  const { ask, asked, spans } = countScene(breaks, { model: { traceContext: true } });
  await ask("any", ONE_ATTEMPT);
  const span = { operation: "count_tokens", provider: "test", model: "test-model", stream: false };
  const start = { index: 1, trigger: "initial" };
  expect(spans).toMatchObject([{ ...span, ...start, outcome: "failed", errorKind: "network" }]);
  expect(asked).toMatchObject([{ headers: { traceparent: "00-1" } }]);
  const silent = countScene(counts);
  await silent.ask("any");
  expect(silent.spans).toMatchObject([{ ...span, ...start, outcome: "succeeded" }]);
  expect(silent.asked).toMatchObject([{ headers: {} }]);
});

it("a count takes a place of its caller", async () => {
  const limit = { ...DEFAULT_SETTINGS.limit, maxInFlight: 4, callerShare: 0.5, queueLength: 0 };
  const { ask, state } = countScene(counts, { settings: { ...DEFAULT_SETTINGS, limit } });
  for (let place = 0; place < 2; place++) state.acquire({ ...SENDER, caller: "alice" });
  const message = "too many calls of this caller run at test/test-model";
  await expect(ask("provider")).rejects.toMatchObject({ kind: "gateway-overloaded", message });
  expect(await ask("provider", { caller: "carol" })).toMatchObject(byProvider);
});

it("a defect of the service is no reason for an estimate", async () => {
  const { ask } = countScene(counts);
  const broken = { spec: testSpec({ retry: {} as never }) };
  await expect(ask("any", broken)).rejects.toThrow(TypeError);
});
