import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AttemptOutcome, AttemptTrigger, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { InvalidOutputAction, MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { JsonStreamMode, RecoveryAction } from "../../gen/es/steer/v1/stream_pb.js";
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

const { RETURN, FAIL, RETRY } = InvalidOutputAction;
const BAD = '{"n": "one"}';
const GOOD = '{"n": 1}';
const SCHEMA = '{"type":"object","properties":{"n":{"type":"integer"}}}';
const MODES = ["unary", "stream"] as const;
/** A repair discards what it repairs: who reads it as a stream says that it drops that. */
const READER = { acceptsDiscard: true };

let stack: Stack;

beforeAll(async () => {
  stack = await startTargets(CALM);
});

beforeEach(() => resetTargets(stack));

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function format(onInvalid: InvalidOutputAction): SpecInit {
  const value = { name: "n", schema: SCHEMA, onInvalid };
  return { outputFormat: { format: { case: "jsonSchema", value } } };
}

/** Bad output first, then this. */
function badThen(text: string) {
  return { a: script({ text }, { attempt: 1, text: BAD }) };
}

describe.each(MODES)("output without its format, %s", (mode) => {
  it("RETURN hands it on with a warning", async () => {
    const { code, generation } = await ask(
      stack.client,
      mode,
      through(badThen(GOOD), format(RETURN)),
    );
    expect(code).toBe(0);
    expect(generation).toMatchObject({
      outputText: BAD,
      warnings: [{ reason: "OUTPUT_SCHEMA_MISMATCH" }],
    });
    expect(generation?.outputJson).toBeUndefined();
  });

  it.each([
    [BAD, "OUTPUT_SCHEMA_MISMATCH"],
    ["no JSON", "OUTPUT_NOT_JSON"],
  ])("FAIL ends the call with ABORTED: %s", async (text, reason) => {
    const before = requestsOf(stack, "a").length;
    const spec = through({ a: script({ text }) }, format(FAIL));
    const { code, typed, generation } = await ask(stack.client, mode, spec);
    expect(code).toBe(10);
    expect(typed).toMatchObject({ category: ErrorCategory.INVALID_OUTPUT, reason });
    if (mode === "stream") {
      expect(generation?.attempts).toMatchObject([{ outcome: AttemptOutcome.FAILED }]);
    }
    expect(requestsOf(stack, "a").length - before).toBe(1);
  });

  it("RETRY asks once more, with the output and why", async () => {
    const { code, generation } = await ask(
      stack.client,
      mode,
      through(badThen(GOOD), format(RETRY)),
      READER,
    );
    expect(code).toBe(0);
    expect(generation).toMatchObject({ outputJson: GOOD, warnings: [] });
    expect(generation?.attempts).toMatchObject([
      { trigger: AttemptTrigger.INITIAL, outcome: AttemptOutcome.FAILED },
      { trigger: AttemptTrigger.REPAIR, outcome: AttemptOutcome.SUCCEEDED },
    ]);
    expect(requestsOf(stack, "a").at(-1)?.body["messages"]).toMatchObject([
      { role: "user", content: "Hi" },
      { role: "assistant", content: BAD },
      { role: "user", content: expect.stringContaining("breaks the schema at #/n") },
    ]);
  });

  it("a retry of the repair repairs as well", async () => {
    const broken = { attempt: 2, status: 503 };
    const scripts = { a: script({ text: GOOD }, { attempt: 1, text: BAD }, broken) };
    const { generation } = await ask(stack.client, mode, through(scripts, format(RETRY)), READER);
    expect(generation?.attempts.map(({ trigger }) => trigger)).toEqual([
      AttemptTrigger.INITIAL,
      AttemptTrigger.REPAIR,
      AttemptTrigger.RETRY,
    ]);
    expect(generation?.outputJson).toBe(GOOD);
    const [, repair, retry] = requestsOf(stack, "a").slice(-3);
    expect(repair?.body["messages"]).toHaveLength(3);
    expect(retry?.body["messages"]).toEqual(repair?.body["messages"]);
  });

  it("RETRY pays for no repair that the caller cannot be shown", async () => {
    const before = requestsOf(stack, "a").length;
    const spec = through(badThen(GOOD), format(RETRY));
    const { code, typed, events } = await ask(stack.client, mode, spec);
    const sent = requestsOf(stack, "a").length - before;
    if (mode === "unary") {
      expect([code, sent]).toEqual([0, 2]);
      return;
    }
    expect([code, sent]).toEqual([10, 1]);
    expect(typed).toMatchObject({ category: ErrorCategory.INVALID_OUTPUT });
    expect(outline(events)).not.toContain("attemptNotice");
  });

  it("RETRY repairs for a caller that is older than `accepts_discard` and names RESTART", async () => {
    const routing = { midStreamRecovery: MidStreamRecovery.RESTART };
    const spec = through(badThen(GOOD), { ...format(RETRY), routing });
    const { code, generation } = await ask(stack.client, mode, spec);
    expect(code).toBe(0);
    expect(generation?.outputJson).toBe(GOOD);
  });

  it("RETRY repairs one time", async () => {
    const before = requestsOf(stack, "a").length;
    const spec = through({ a: script({ text: BAD }) }, format(RETRY));
    const { code, typed } = await ask(stack.client, mode, spec, READER);
    expect(code).toBe(10);
    expect(typed).toMatchObject({ reason: "OUTPUT_SCHEMA_MISMATCH" });
    expect(requestsOf(stack, "a").length - before).toBe(2);
  });

  it.each([{ maxAttempts: 1 }, { maxTotalAttempts: 1 }])("RETRY stays within %o", async (retry) => {
    const before = requestsOf(stack, "a").length;
    const spec = through(badThen(GOOD), { ...format(RETRY), retry });
    const { code } = await ask(stack.client, mode, spec, READER);
    expect(code).toBe(10);
    expect(requestsOf(stack, "a").length - before).toBe(1);
  });
});

it("a stream is told to forget what is repaired, whatever its recovery", async () => {
  const spec = through(badThen(GOOD), format(RETRY));
  const { events } = await ask(stack.client, "stream", spec, {
    stream: { jsonMode: JsonStreamMode.VALUES },
    ...READER,
  });
  const notices = events.flatMap(({ event }) =>
    event.case === "attemptNotice" ? [event.value] : [],
  );
  expect(notices).toMatchObject([
    {
      action: RecoveryAction.REPAIR,
      discardOutput: true,
      failed: { errorCategory: ErrorCategory.INVALID_OUTPUT, outputDelivered: true },
    },
  ]);
  expect(readText(events)).toBe(GOOD);
  const documents = events.flatMap(({ event }) =>
    event.case === "jsonDelta" ? [[event.value.documentIndex, event.value.change.value]] : [],
  );
  expect(documents).toEqual([
    [0, BAD],
    [0, GOOD],
  ]);
});
