import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AttemptOutcome, AttemptTrigger, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { RecoveryAction, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { because } from "../support/explained-settings.ts";
import type { Stack } from "../support/stack.ts";
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

const { FAIL, RESTART, CONTINUE } = MidStreamRecovery;
const C = ErrorCategory;
const TEXT = "The tide comes in twice a day, and twice a day it leaves the harbour dry and silent.";

let stack: Stack;

beforeAll(async () => {
  const faults = because("the simulator shall fail", { allow: true });
  stack = await startTargets({ ...CALM, faults });
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function recovery(midStreamRecovery: MidStreamRecovery, fields: SpecInit = {}): SpecInit {
  return { ...fields, routing: { ...fields.routing, midStreamRecovery } };
}

function noticesOf(events: readonly StreamEvent[]) {
  return events.flatMap(({ event }) => (event.case === "attemptNotice" ? [event.value] : []));
}

function lastMessages(target: string): unknown {
  const messages = requestsOf(stack, target).at(-1)?.body["messages"];
  return Array.isArray(messages) ? messages : [];
}

/** What breaks a stream off, and the category that it ends with. */
const breaks: [string, object, ErrorCategory][] = [
  ["a cut", { cut_after_bytes: 1_500 }, C.NETWORK],
  ["an error in band", { error_at: 4 }, C.SERVER_ERROR],
  ["a malformed event", { malformed_at: 4 }, C.PROTOCOL],
  ["a body without its terminator", { omit_terminator: true }, C.TRUNCATED],
  ["a stall", { stall_after_events: 4 }, C.IDLE_TIMEOUT],
];
const IDLE: SpecInit = { timeouts: { idle: { seconds: 0n, nanos: 400_000_000 } } };

describe("FAIL", () => {
  it.each(breaks)(
    "A-24, A-34: %s after output ends the stream with its error, the delivered text stays and is paid for",
    async (_name, fault, category) => {
      const before = stack.upstream.requests.length;
      const scripts = { a: script({ text: TEXT }, fault), b: script({ text: "never" }) };
      // FAIL is what holds where the request says nothing.
      const answer = await ask(stack.client, "stream", through(scripts, IDLE));
      const kinds = outline(answer.events);
      expect(kinds.slice(0, 2)).toEqual(["start", "textDelta"]);
      expect(kinds.at(-1)).toBe("error");
      expect(kinds).not.toContain("attemptNotice");
      const text = readText(answer.events);
      expect(text).not.toBe("");
      expect(TEXT.startsWith(text)).toBe(true);
      const { generation } = answer;
      expect(generation).toMatchObject({
        provider: "a",
        attempts: [
          {
            index: 1,
            outcome: AttemptOutcome.FAILED,
            errorCategory: category,
            outputDelivered: true,
          },
        ],
      });
      expect(generation?.message).toBeUndefined();
      expect(generation?.usage?.outputTokens).toBeGreaterThan(0);
      expect(generation?.usage).toEqual(generation?.totalUsage);
      expect(answer.typed).toMatchObject({ category, code: answer.code });
      expect(stack.upstream.requests.length - before).toBe(1);
    },
  );

  it("the usage of a broken answer is estimated from the prompt and the text delivered", async () => {
    const scripts = { a: script({ text: TEXT }, { error_at: 6 }) };
    const { generation } = await ask(stack.client, "stream", through(scripts, recovery(FAIL)));
    expect(generation?.usage).toMatchObject({ source: UsageSource.ESTIMATED });
    expect(generation?.usage?.inputTokens).toBeGreaterThan(0);
  });

  it("A-24: the error in band is the one of the status", async () => {
    const scripts = { a: script({ text: TEXT }, { error_at: 4 }) };
    const answer = await ask(stack.client, "stream", through(scripts));
    const last = answer.events.at(-1)?.event;
    const inBand = last?.case === "error" ? last.value.error : undefined;
    expect(answer.typed).toEqual(inBand);
  });
});

describe("RESTART", () => {
  it.each(breaks)(
    "after %s tells the reader to forget, and starts over at the next target",
    async (_name, fault, category) => {
      const scripts = { a: script({ text: TEXT }, fault), b: script({ text: "A fresh answer." }) };
      const spec = through(scripts, recovery(RESTART, { ...IDLE, retry: { maxAttempts: 1 } }));
      const { events, code, generation } = await ask(stack.client, "stream", spec);
      expect(code).toBe(0);
      expect(outline(events)).toEqual([
        "start",
        "textDelta",
        "attemptNotice",
        "textDelta",
        "partEnd",
        "complete",
      ]);
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
      expect(noticesOf(events)).toMatchObject([
        {
          failed: { index: 1, provider: "a", errorCategory: category, outputDelivered: true },
          action: RecoveryAction.FAILOVER,
          next: { provider: "b", model: "m-b" },
          discardOutput: true,
        },
      ]);
      expect(readText(events)).toBe("A fresh answer.");
      expect(generation).toMatchObject({
        provider: "b",
        outputText: "A fresh answer.",
        attempts: [
          { index: 1, outcome: AttemptOutcome.FAILED, trigger: AttemptTrigger.INITIAL },
          { index: 2, outcome: AttemptOutcome.SUCCEEDED, trigger: AttemptTrigger.FAILOVER },
        ],
      });
      // The new text stands in part 0 of attempt 2.
      const deltas = events.flatMap(({ event, attemptIndex }) =>
        event.case === "textDelta" ? [[attemptIndex, event.value.partIndex]] : [],
      );
      expect(deltas.at(-1)).toEqual([2, 0]);
      const [first, second] = generation?.attempts ?? [];
      expect(generation?.totalUsage?.outputTokens).toBe(
        Number(first?.usage?.outputTokens) + Number(second?.usage?.outputTokens),
      );
    },
  );

  it("starts over at the same target where it is the only one", async () => {
    const scripts = { a: script({ text: TEXT }, { attempt: 1, error_at: 4 }) };
    const { events, generation } = await ask(
      stack.client,
      "stream",
      through(scripts, recovery(RESTART)),
    );
    expect(noticesOf(events)).toMatchObject([
      { action: RecoveryAction.RETRY, next: { provider: "a" }, discardOutput: true },
    ]);
    expect(readText(events)).toBe(TEXT);
    expect(generation?.attempts).toMatchObject([{}, { trigger: AttemptTrigger.RETRY }]);
  });

  it("A-34: with every attempt broken the reader has the last one's output and the error", async () => {
    const scripts = {
      a: script({ text: TEXT }, { error_at: 4 }),
      b: script({ text: "Once more, at length." }, { error_at: 2 }),
    };
    const spec = through(scripts, recovery(RESTART, { retry: { maxAttempts: 1 } }));
    const { events, typed, generation } = await ask(stack.client, "stream", spec);
    expect(readText(events)).toBe("Once more,");
    expect(typed).toMatchObject({ category: C.SERVER_ERROR, provider: "b" });
    expect(generation?.attempts).toHaveLength(2);
  });

  it("what was voided is no partial result of an attempt that came to nothing", async () => {
    const scripts = { a: script({ text: TEXT }, { error_at: 4 }), b: script({}, { status: 500 }) };
    const spec = through(scripts, recovery(RESTART, { retry: { maxAttempts: 1 } }));
    const { events, generation } = await ask(stack.client, "stream", spec);
    expect(readText(events)).toBe("");
    expect(generation).toMatchObject({ provider: "b", attempts: [{}, { provider: "b" }] });
    expect(generation?.totalUsage?.outputTokens).toBeGreaterThan(0);
  });
});

describe("CONTINUE", () => {
  it.each(breaks.slice(0, 3))(
    "after %s goes on at the same target, and the whole is the text that was meant",
    async (_name, fault, category) => {
      const scripts = { p: script({ text: TEXT }, { attempt: 1, ...fault }) };
      const spec = through(scripts, recovery(CONTINUE, { sampling: { maxOutputTokens: 400 } }));
      const { events, code, generation } = await ask(stack.client, "stream", spec);
      expect(code).toBe(0);
      expect(readText(events)).toBe(TEXT);
      expect(outline(events)).toEqual([
        "start",
        "textDelta",
        "attemptNotice",
        "textDelta",
        "partEnd",
        "complete",
      ]);
      expect(noticesOf(events)).toMatchObject([
        {
          failed: { index: 1, errorCategory: category, outputDelivered: true },
          action: RecoveryAction.CONTINUE,
          next: { provider: "p", model: "m-same" },
          discardOutput: false,
        },
      ]);
      expect(generation).toMatchObject({
        outputText: TEXT,
        attempts: [{}, { trigger: AttemptTrigger.CONTINUATION, outcome: AttemptOutcome.SUCCEEDED }],
      });
      // All of it is one part.
      const parts = events.flatMap(({ event }) =>
        event.case === "textDelta" ? [event.value.partIndex] : [],
      );
      expect(new Set(parts)).toEqual(new Set([0]));
      // The provider was given what the reader had, and less to write.
      expect(lastMessages("p")).toMatchObject([{ role: "user" }, { role: "assistant" }]);
      const body = requestsOf(stack, "p").at(-1)?.body;
      const limit = body?.["max_completion_tokens"] ?? body?.["max_tokens"];
      expect(Number(limit)).toBe(400 - Number(generation?.attempts[0]?.usage?.outputTokens));
    },
  );

  it("goes on at another instance of the same model", async () => {
    const scripts = {
      p: script({ text: TEXT }, { error_at: 5 }),
      q: script({ text: TEXT }),
    };
    const spec = through(scripts, recovery(CONTINUE, { retry: { maxAttempts: 1 } }));
    const { events, generation } = await ask(stack.client, "stream", spec);
    expect(readText(events)).toBe(TEXT);
    expect(noticesOf(events)).toMatchObject([
      { action: RecoveryAction.CONTINUE, next: { provider: "q", model: "m-same" } },
    ]);
    expect(generation).toMatchObject({ provider: "q", outputText: TEXT });
  });

  it("shows nothing twice where the provider repeats what it was given", async () => {
    const scripts = {
      p: script({ text: TEXT }, { error_at: 8 }),
      q: script({ text: TEXT, echo: true }),
    };
    const spec = through(scripts, recovery(CONTINUE, { retry: { maxAttempts: 1 } }));
    const { events, generation } = await ask(stack.client, "stream", spec);
    expect(readText(events)).toBe(TEXT);
    expect(generation?.outputText).toBe(TEXT);
  });

  it("goes on at the simulator", async () => {
    const faults = [{ attempt: 1, cut_after_bytes: 40 }];
    const spec = recovery(CONTINUE, {
      model: "simulator",
      prompt: "Hi",
      providerOptions: { simulator: { text: TEXT, faults } as never },
    });
    const { events, code } = await ask(stack.client, "stream", spec);
    expect(code).toBe(0);
    expect(noticesOf(events)).toMatchObject([{ action: RecoveryAction.CONTINUE }]);
    expect(readText(events)).toBe(TEXT);
  });
});
