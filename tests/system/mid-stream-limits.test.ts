import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AttemptOutcome, AttemptTrigger, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
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
const MODES = ["unary", "stream"] as const;

let stack: Stack;

beforeAll(async () => {
  stack = await startTargets(CALM);
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function recovery(midStreamRecovery: MidStreamRecovery, fields: SpecInit = {}): SpecInit {
  return { ...fields, routing: { ...fields.routing, midStreamRecovery } };
}

const TOOL: SpecInit = {
  tools: [
    {
      kind: {
        case: "function",
        value: { name: "look", parametersJsonSchema: '{"type":"object"}' },
      },
    },
  ],
  toolChoice: { choice: { case: "functionName", value: "look" } },
};

describe("CONTINUE is refused, and the stream fails as it broke,", () => {
  it.each<[string, SpecInit, object, number]>([
    ["A-26: inside a tool call", TOOL, { text: TEXT }, 2],
    [
      "A-26: inside JSON output",
      { outputFormat: { format: { case: "jsonObject", value: {} } } },
      { text: '{"tide": "comes in twice", "harbour": "dry"}' },
      4,
    ],
    ["A-26: behind reasoning", {}, { text: TEXT, reasoning: "Let me think." }, 4],
    ["A-26: inside reasoning", {}, { text: TEXT, reasoning: "Let me think." }, 1],
  ])("%s", async (_name, fields, answer, after) => {
    const before = stack.upstream.requests.length;
    const scripts = {
      p: script(answer, { attempt: 1, error_at: after }),
      q: script({ text: "never" }),
    };
    const { events, typed } = await ask(
      stack.client,
      "stream",
      through(scripts, recovery(CONTINUE, fields)),
    );
    expect(outline(events)).not.toContain("attemptNotice");
    expect(typed?.category).toBe(C.SERVER_ERROR);
    expect(typed?.attempts).toMatchObject([{ provider: "p", outputDelivered: true }]);
    expect(stack.upstream.requests.length - before).toBe(1);
  });

  it.each<[string, SpecInit]>([
    [
      "on an instance without prefill",
      through({ a: script({ text: TEXT }, { error_at: 4 }) }, recovery(CONTINUE)),
    ],
    [
      "where the next target has another model",
      {
        ...through(
          { p: script({ text: TEXT }, { error_at: 4 }) },
          recovery(CONTINUE, { retry: { maxAttempts: 1 } }),
        ),
        routing: { midStreamRecovery: CONTINUE, fallbacks: [{ model: "m-other", provider: "p" }] },
      },
    ],
  ])("%s", async (_name, spec) => {
    const before = stack.upstream.requests.length;
    const { events, typed, generation } = await ask(stack.client, "stream", spec);
    expect(outline(events)).toEqual(["start", "textDelta", "error"]);
    expect(readText(events)).toBe("The tide comes in");
    expect(typed?.category).toBe(C.SERVER_ERROR);
    expect(generation?.attempts).toHaveLength(1);
    expect(stack.upstream.requests.length - before).toBe(1);
  });
});

describe("a continuation that fails", () => {
  it("A-25: leaves the error that broke the stream as the call's own, and stands in the attempts", async () => {
    const scripts = {
      p: script({ text: TEXT }, { attempt: 1, error_at: 4 }, { attempt: 2, status: 400 }),
    };
    const { events, typed, code } = await ask(
      stack.client,
      "stream",
      through(scripts, recovery(CONTINUE)),
    );
    expect(code).toBe(14);
    expect(typed).toMatchObject({
      category: C.SERVER_ERROR,
      attempts: [
        { errorCategory: C.SERVER_ERROR, outputDelivered: true },
        {
          trigger: AttemptTrigger.CONTINUATION,
          outcome: AttemptOutcome.FAILED,
          errorCategory: C.VALIDATION,
          providerHttpStatus: 400,
        },
      ],
    });
    expect(outline(events)).toEqual(["start", "textDelta", "attemptNotice", "error"]);
    expect(readText(events)).toBe("The tide comes in");
  });

  it("goes on once more where the continuation breaks off as well", async () => {
    const scripts = {
      p: script({ text: TEXT }, { attempt: 1, error_at: 4 }, { attempt: 2, error_at: 3 }),
    };
    const { events, generation } = await ask(
      stack.client,
      "stream",
      through(scripts, recovery(CONTINUE)),
    );
    expect(readText(events)).toBe(TEXT);
    expect(generation?.attempts).toHaveLength(3);
    expect(generation?.outputText).toBe(TEXT);
  });
});

/** 200 and a stream of nothing, or an answer of nothing. */
const EMPTY: [string, object][] = [
  [
    "a stream that only ends",
    { headers: { "content-type": "text/event-stream" }, body: "data: [DONE]\n\n" },
  ],
  ["a stream of nothing", { headers: { "content-type": "text/event-stream" }, body: "" }],
  ["a body of nothing", { body: "" }],
  ["an answer without choices", { body: { id: "x", object: "chat.completion", choices: [] } }],
];

describe.each(["FAIL", "RESTART", "CONTINUE"] as const)("with %s,", (name) => {
  const way = MidStreamRecovery[name];

  it.each(MODES)("A-20: a body without its terminator is no success, %s", async (mode) => {
    const fault = mode === "unary" ? { cut_after_bytes: 60 } : { omit_terminator: true };
    const scripts = { p: script({ text: TEXT }, fault) };
    const { typed, generation } = await ask(
      stack.client,
      mode,
      through(scripts, recovery(way, { retry: { maxAttempts: 2 } })),
    );
    expect([C.TRUNCATED, C.NETWORK]).toContain(typed?.category);
    expect(typed?.attempts.length).toBeGreaterThan(0);
    const outcomes = (generation ?? typed)?.attempts.map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set([AttemptOutcome.FAILED]));
  });

  describe.each(MODES)("%s,", (mode) => {
    it.each(EMPTY)("A-35: %s is no success, and the next target is asked", async (_name, empty) => {
      const before = requestsOf(stack, "a").length;
      const failing = script({}, { status: 200, ...empty });
      const alone = await ask(stack.client, mode, through({ a: failing }, recovery(way)));
      expect(alone.code).not.toBe(0);
      expect([C.TRUNCATED, C.PROTOCOL]).toContain(alone.typed?.category);
      // Once more, and no more.
      expect(requestsOf(stack, "a").length - before).toBe(2);
      const scripts = { a: script({}, { status: 200, ...empty }), b: script({ text: TEXT }) };
      const both = await ask(stack.client, mode, through(scripts, recovery(way)));
      expect(both).toMatchObject({ code: 0, generation: { provider: "b", outputText: TEXT } });
    });
  });
});

it.each([FAIL, RESTART, CONTINUE])(
  "an answer that is whole and has no text is a success, recovery %s",
  async (way) => {
    for (const mode of MODES) {
      const spec = through({ a: script({ text: "" }) }, recovery(way));
      const { code, generation } = await ask(stack.client, mode, spec);
      expect([code, generation?.outputText]).toEqual([0, ""]);
    }
  },
);
