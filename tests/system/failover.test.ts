import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Attempt, AttemptOutcome, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import type { Generation } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { RecoveryAction } from "../../gen/es/steer/v1/stream_pb.js";
import { because } from "../support/explained-settings.ts";
import type { Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  outline,
  requestsOf,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const C = ErrorCategory;
const TEXT = "The second one answers.";
const MODES = ["unary", "stream"] as const;

let stack: Stack;

beforeAll(async () => {
  stack = await startTargets({
    ...CALM,
    timeouts: because("a silent target is waited for, shipped for 10 s or 30 s", {
      first_token: "2s",
      first_token_failover: "300ms",
    }),
  });
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const LIMITS: SpecInit = { timeouts: { firstToken: { seconds: 0n, nanos: 500_000_000 } } };

interface Row {
  readonly name: string;
  readonly fault: object;
  readonly category: ErrorCategory;
  /** Requests to the target that fails, where another one is left and where none is. */
  readonly requests: readonly [number, number];
}

function row(
  name: string,
  fault: object,
  category: ErrorCategory,
  ...requests: [number, number]
): Row {
  return { name, fault, category, requests };
}

/** Everything that goes wrong before the first content. */
const rows: readonly Row[] = [
  row("A-22: an error in band", { error_at: 0 }, C.SERVER_ERROR, 2, 3),
  row("A-24: a cut", { cut_after_bytes: 30 }, C.NETWORK, 2, 3),
  row("A-24: a stall", { stall_after_events: 0 }, C.FIRST_TOKEN_TIMEOUT, 1, 1),
  row("A-24: a malformed answer", { malformed_at: 0 }, C.PROTOCOL, 2, 2),
  row("A-32, A-33: 429 without headers", { status: 429 }, C.RATE_LIMIT, 1, 3),
  row(
    // Short, and the next target is another model: the first one is asked once more.
    "field:E3 429 with a short hint",
    { status: 429, headers: { "retry-after-ms": "20" } },
    C.RATE_LIMIT,
    2,
    3,
  ),
  row("503", { status: 503 }, C.SERVER_ERROR, 2, 3),
  row("529", { status: 529 }, C.PROVIDER_OVERLOADED, 1, 2),
  row("a connection refused", { refuse: true }, C.NETWORK, 2, 3),
  row("401", { status: 401 }, C.PROVIDER_AUTHENTICATION, 1, 1),
  row("404", { status: 404, body: { error: { code: "model_not_found" } } }, C.NOT_FOUND, 1, 1),
];

/** What of an attempt does not depend on the clock. */
function essence({ provider, trigger, outcome, errorCategory }: Attempt) {
  return { provider, trigger, outcome, errorCategory };
}

describe.each(rows)("$name", ({ fault, category, requests: [withNext, alone] }) => {
  it("A-23: leads to the next target, streamed and not, by the same attempts", async () => {
    const seen: unknown[] = [];
    for (const mode of MODES) {
      await resetTargets(stack);
      const before = requestsOf(stack, "a").length;
      const scripts = { a: script({ text: "never" }, fault), b: script({ text: TEXT }) };
      const { code, generation, events } = await ask(stack.client, mode, through(scripts, LIMITS));
      expect([code, generation?.provider, generation?.outputText]).toEqual([0, "b", TEXT]);
      expect(requestsOf(stack, "a").length - before).toBe(withNext);
      const attempts = generation?.attempts ?? [];
      expect(attempts).toHaveLength(withNext + 1);
      for (const attempt of attempts.slice(0, -1)) {
        expect(attempt).toMatchObject({
          provider: "a",
          outcome: AttemptOutcome.FAILED,
          errorCategory: category,
        });
      }
      seen.push(attempts.map(essence));
      if (mode === "unary") continue;
      const notices = events.flatMap(({ event }) =>
        event.case === "attemptNotice" ? [event.value] : [],
      );
      // One for every attempt that failed, and nothing was delivered that is void.
      expect(notices.map(({ failed }) => failed?.index)).toEqual(
        attempts.slice(0, -1).map(({ index }) => index),
      );
      expect(notices.at(-1)).toMatchObject({
        action: RecoveryAction.FAILOVER,
        next: { provider: "b" },
        discardOutput: false,
      });
      expect(outline(events)).toEqual([
        "start",
        "attemptNotice",
        "textDelta",
        "partEnd",
        "complete",
      ]);
    }
    expect(seen[0]).toEqual(seen[1]);
  });

  it.each(MODES)("A-24, A-28: is no success where failover is switched off, %s", async (mode) => {
    const before = stack.upstream.requests.length;
    const scripts = { a: script({ text: "never" }, fault), b: script({ text: "never" }) };
    const fields = { ...LIMITS, routing: { disableFailover: true } };
    const { code, typed } = await ask(stack.client, mode, through(scripts, fields));
    expect(code).not.toBe(0);
    expect(typed?.category).toBe(category);
    expect(typed?.attempts.map(({ provider }) => provider)).not.toContain("b");
    expect(stack.upstream.requests.length - before).toBe(alone);
  });

  it("A-29: is the same on the HTTP listener", async () => {
    const transport = createConnectTransport({ baseUrl: stack.service.http, httpVersion: "1.1" });
    const client = createClient(GenerationService, transport);
    for (const mode of MODES) {
      await resetTargets(stack);
      const scripts = { a: script({ text: "never" }, fault), b: script({ text: TEXT }) };
      const request = { spec: through(scripts, LIMITS) };
      let generation: Generation | undefined;
      if (mode === "unary") ({ generation } = await client.generate(request));
      else {
        for await (const { event } of client.streamGenerate(request)) {
          if (event.case === "complete") ({ generation } = event.value);
        }
      }
      expect([generation?.provider, generation?.attempts.length]).toEqual(["b", withNext + 1]);
    }
  });
});

describe("a request that is wrong", () => {
  it.each(MODES)("A-48: goes nowhere else, %s", async (mode) => {
    const before = stack.upstream.requests.length;
    const scripts = { a: script({}, { status: 400 }), b: script({ text: "never" }) };
    const { typed } = await ask(stack.client, mode, through(scripts));
    expect(typed?.category).toBe(C.VALIDATION);
    expect(stack.upstream.requests.length - before).toBe(1);
  });
});

describe("a slow first token", () => {
  it("A-30: is answered by the fallback within the first-token limit, which is shorter while another target is left", async () => {
    const scripts = {
      a: script({ text: "never", first_token_ms: 15_000 }),
      b: script({ text: TEXT }),
    };
    const { generation } = await ask(stack.client, "stream", through(scripts));
    expect(generation).toMatchObject({
      provider: "b",
      attempts: [{ errorCategory: C.FIRST_TOKEN_TIMEOUT }, { outcome: AttemptOutcome.SUCCEEDED }],
    });
    const { seconds = 9n, nanos = 0 } = generation?.timing?.timeToFirstToken ?? {};
    expect(Number(seconds) + nanos / 1e9).toBeLessThan(15);
  });

  it("A-30: is waited for at the last target by the longer limit", async () => {
    const scripts = { a: script({ text: TEXT, first_token_ms: 700 }) };
    const { generation } = await ask(stack.client, "stream", through(scripts));
    expect(generation).toMatchObject({ provider: "a", outputText: TEXT });
    expect(generation?.attempts).toHaveLength(1);
  });
});
