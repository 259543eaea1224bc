import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { because } from "../support/explained-settings.ts";
import { attribute, type OtlpSink, type Span, startSink } from "../support/otlp-sink.ts";
import { eventually, type Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  type Mode,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const PROMPT = "a question nobody else may read";
const TEXT = "an answer nobody else may read";
/** Stands in the bodies of errors. */
const SECRET = "what only the provider said";
const CALLER_SPAN = "00f067aa0ba902b7";
const CLIENT = 3;
const INTERNAL = 1;
const ERROR = 2;
const MODES = ["unary", "stream"] as const;

let sink: OtlpSink;
let stack: Stack;
let traces = 0;

beforeAll(async () => {
  sink = await startSink();
  const retry = because("the waits are long enough to be seen, and no longer", {
    transient: { base: "30ms", cap: "30ms" },
    throttle: { base: "5ms", cap: "10ms" },
  });
  const hedge = because("each call may have a rival, however few calls there were", { share: 1 });
  stack = await startTargets({ retry, hedge }, sink.env);
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  sink.close();
});

/** Makes a call of a caller that traces, and collects the spans of its trace. */
async function traced(mode: Mode, spec: SpecInit, count: number) {
  traces++;
  const trace = traces.toString(16).padStart(32, "a");
  const metadata = { traceparent: `00-${trace}-${CALLER_SPAN}-01` };
  const answer = await ask(stack.client, mode, { ...spec, prompt: PROMPT }, { metadata });
  const spans = () => sink.spans.filter(({ traceId }) => traceId === trace);
  await eventually(() => spans().length >= count);
  const named = (start: string) => spans().filter(({ name }) => name.startsWith(start));
  const [call] = named("steer.v1.GenerationService/");
  const index = (span: Span): number => Number(attribute(span, "steer.attempt.index"));
  const attempts = named("chat ").sort((one, other) => index(one) - index(other));
  return { trace, answer, call, attempts, backoffs: named("backoff"), all: spans() };
}

function read(span: Span | undefined, ...keys: string[]): unknown[] {
  return keys.map((key) => attribute(span, key));
}

const down = () => ({ status: 503, body: { error: { message: SECRET } } });

describe.each(MODES)("the spans of a call, %s,", (mode) => {
  it("hang below the caller's, one for each attempt and each wait, linked to the attempt before", async () => {
    const scripts = { a: script({ text: "never" }, down()), b: script({ text: TEXT }) };
    const spec = through(scripts, { retry: { jitter: 0 } });
    const { trace, answer, call, attempts, backoffs, all } = await traced(mode, spec, 5);
    expect(answer.code).toBe(0);
    expect(all).toHaveLength(5);
    expect(call).toMatchObject({ traceId: trace, parentSpanId: CALLER_SPAN });
    for (const span of [...attempts, ...backoffs]) {
      expect(span).toMatchObject({ traceId: trace, parentSpanId: call?.spanId });
    }
    const [first, second, third] = attempts;
    const [backoff] = backoffs;
    const linked = (span: Span | undefined) => span?.links?.map(({ spanId }) => spanId) ?? [];
    expect([first, backoff, second, third].map(linked)).toEqual([
      [],
      [first?.spanId],
      [first?.spanId],
      [second?.spanId],
    ]);
    const keys = ["steer.provider.instance", "steer.attempt.trigger", "steer.attempt.outcome"];
    expect(attempts.map((span) => read(span, ...keys, "error.type"))).toEqual([
      ["a", "initial", "failed", "server-error"],
      ["a", "retry", "failed", "server-error"],
      ["b", "failover", "succeeded", undefined],
    ]);
    expect(attempts.map(({ kind, status }) => [kind, status?.code ?? 0])).toEqual([
      [CLIENT, ERROR],
      [CLIENT, ERROR],
      [CLIENT, 0],
    ]);
    expect(backoff?.kind).toBe(INTERNAL);
    const decision = ["steer.error.category", "steer.retry.decision", "steer.retry.reason"];
    expect(read(backoff, ...decision, "steer.retry.delay")).toEqual([
      "server-error",
      "retry",
      "classifier",
      0.03,
    ]);
    expect(read(call, "rpc.response.status_code", "error.type")).toEqual(["OK", undefined]);
  });

  it("say how a call failed", async () => {
    const spec = through({ c: script({}, down()) }, { retry: { maxAttempts: 1 } });
    const { call, attempts } = await traced(mode, spec, 2);
    expect(read(call, "rpc.response.status_code", "error.type")).toEqual([
      "UNAVAILABLE",
      "server-error",
    ]);
    expect(call?.status?.code).toBe(ERROR);
    expect(attempts).toHaveLength(1);
  });

  it("show a rival attempt beside the first, and the loser as no error", async () => {
    const scripts = {
      a: script({ text: "never", first_token_ms: 15_000 }),
      b: script({ text: TEXT }),
    };
    const routing = { hedge: { delay: { seconds: 0n, nanos: 30_000_000 } } };
    const { call, attempts } = await traced(mode, through(scripts, { routing }), 3);
    const keys = ["steer.attempt.trigger", "steer.attempt.outcome", "error.type"];
    expect(attempts.map((span) => read(span, ...keys))).toEqual([
      ["initial", "superseded", undefined],
      ["hedge", "succeeded", undefined],
    ]);
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([call?.spanId, call?.spanId]);
    expect(attempts.map(({ status }) => status?.code ?? 0)).toEqual([0, 0]);
  });
});

describe("the figures", () => {
  /** Decisions so far, as `instance category decision reason`. */
  function decisions(): Record<string, number> {
    const points = sink.metrics.get("steer.retry.decisions") ?? [];
    return Object.fromEntries(
      points.map((point) => [
        [
          attribute(point, "steer.provider.instance"),
          attribute(point, "steer.error.category"),
          attribute(point, "steer.retry.decision"),
          attribute(point, "steer.retry.reason"),
        ].join(" "),
        Number(point.asInt ?? point.asDouble),
      ]),
    );
  }

  it("count every decision by provider, category, decision and reason", async () => {
    const before = decisions();
    const once: SpecInit = { retry: { maxAttempts: 2 } };
    const calls: SpecInit[] = [
      // Retried here, then elsewhere.
      through({ p: script({}, down()), q: script({ text: TEXT }) }),
      through({ p: script({}, down()) }, once),
      through({ p: script({}, { ...down(), headers: { "x-should-retry": "false" } }) }),
      through({ p: script({}, { status: 400 }) }),
      through({ p: script({}, { status: 429, headers: { "retry-after": "60" } }) }),
      through({ q: script({ text: TEXT }, { error_at: 2 }) }),
      through(
        { q: script({ text: TEXT }, { error_at: 2 }) },
        { ...once, routing: { midStreamRecovery: MidStreamRecovery.RESTART } },
      ),
    ];
    for (const spec of calls) await ask(stack.client, "stream", spec);
    const expected = {
      // The first call's two, and the second's first.
      "p server-error retry classifier": 3,
      "p server-error fail attempts": 1,
      "p server-error fail explicit-hint": 1,
      "p validation fail classifier": 1,
      "p rate-limit fail policy": 1,
      "q server-error fail output-delivered": 1,
      "q server-error retry classifier": 1,
      "q server-error fail attempts": 1,
    };
    const own = () =>
      Object.fromEntries(
        Object.entries(decisions()).filter(([key]) => !(key in before) && /^[pq] /.test(key)),
      );
    const sum = (counts: object) => Object.values(counts).reduce((all, count) => all + count, 0);
    await eventually(() => sum(own()) >= sum(expected));
    expect(own()).toEqual(expected);
  });

  it("hold the waits and the attempts of calls", async () => {
    const total = (name: string, field: "count" | "sum"): number =>
      (sink.metrics.get(name) ?? []).reduce((sum, point) => sum + Number(point[field]), 0);
    const before = total("steer.attempts", "sum");
    await ask(stack.client, "unary", through({ a: script({}, down()), b: script({ text: TEXT }) }));
    await eventually(() => total("steer.attempts", "sum") >= before + 3);
    expect(total("steer.retry.delay", "count")).toBeGreaterThan(0);
    expect(total("steer.attempts", "count")).toBeGreaterThan(0);
  });

  it("A-56: show circuits by state, budgets, calls in flight and in the queue, and rivals", async () => {
    const own = await startSink();
    const health = because("the first failures open a circuit, which stays open for the test", {
      // The first failure must not open it, or nothing would be repeated there.
      consecutive_failures: 2,
      min_span: "1ms",
      ejection: "60s",
      panic: false,
    });
    const budget = because("the test sees what was charged, however long it looks", {
      fill: "24h",
    });
    await using broken = await startTargets({ retry: CALM.retry, health, budget }, own.env);
    // Failures that come within a millisecond count as one, and a call behind another may pass over the target.
    for (let call = 0; call < 8; call++) {
      const scripts = { a: script({}, down()), b: script({ text: TEXT }) };
      await ask(broken.client, "unary", through(scripts));
    }
    broken.upstream.hold();
    const running = ask(broken.client, "stream", through({ b: script({ text: TEXT }) }));
    const read = (name: string, id: string, state?: string): number | undefined => {
      const point = own.metrics
        .get(name)
        ?.find(
          (each) =>
            attribute(each, "steer.provider.instance") === id &&
            (state === undefined || attribute(each, "steer.circuit.state") === state),
        );
      return point === undefined ? undefined : Number(point.asInt ?? point.asDouble);
    };
    const states = (id: string) =>
      ["closed", "half-open", "open"].map((state) => read("steer.circuit.state", id, state));
    await eventually(() => read("steer.limit.in_flight", "b") === 1);
    expect(states("a")).toEqual([0, 0, 1]);
    expect(states("b")).toEqual([1, 0, 0]);
    // Repetitions were charged to their target, and failovers that succeed to nobody.
    expect(read("steer.retry.budget", "a")).toBeLessThan(1);
    expect(read("steer.retry.budget", "b")).toBe(1);
    expect(read("steer.limit.queued", "b")).toBe(0);
    expect(read("steer.hedges", "b")).toBe(0);
    broken.upstream.release(Number.POSITIVE_INFINITY);
    await running;
    own.close();
  });

  it("and the spans hold nothing that was said", () => {
    expect(sink.everything()).not.toBe("");
    for (const said of [PROMPT, TEXT, SECRET, "secret-key"]) {
      expect(sink.everything()).not.toContain(said);
    }
  });
});
