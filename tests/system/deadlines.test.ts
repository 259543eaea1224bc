import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { eventually, type Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  readText,
  requestsOf,
  resetTargets,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const C = ErrorCategory;
const TEXT = "In time and not a moment later.";
const MODES = ["unary", "stream"] as const;

let stack: Stack;

beforeAll(async () => {
  stack = await startTargets(CALM);
});

beforeEach(async () => {
  await resetTargets(stack);
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

describe("A-31: the limits of a stream are separate:", () => {
  const ms = (value: number) => ({ seconds: 0n, nanos: value * 1_000_000 });
  const slow = { tokens: 12, pace_ms: 60 };

  it.each<[string, object, SpecInit["timeouts"], ErrorCategory | undefined]>([
    ["the one of the first token ends with it", slow, { firstToken: ms(500) }, undefined],
    [
      "the one of silence begins behind it",
      { tokens: 3, first_token_ms: 700 },
      { idle: ms(500) },
      undefined,
    ],
    [
      "silence counts from the last content",
      { ...slow, stall: true },
      { idle: ms(300) },
      C.IDLE_TIMEOUT,
    ],
    ["the total goes on", slow, { total: ms(500), idle: ms(900) }, C.TOTAL_TIMEOUT],
    ["an attempt's own bounds it whole", slow, { attempt: ms(500) }, C.IDLE_TIMEOUT],
  ])("%s", async (_name, { stall, ...answer }: { stall?: boolean }, timeouts, category) => {
    const faults = stall === true ? [{ stall_after_events: 8 }] : [];
    const spec = through({ a: script(answer, ...faults) }, { ...(timeouts && { timeouts }) });
    const { typed, events } = await ask(stack.client, "stream", spec);
    expect(typed?.category).toBe(category);
    if (category !== undefined) expect(readText(events)).toMatch(/^word0 /);
  });
});

describe("a rate limit's hint", () => {
  /** Waits between the requests that a target got, in milliseconds. */
  const gaps = (target: string, from: number): number[] =>
    requestsOf(stack, target)
      .slice(from)
      .map(({ receivedAt }, index, all) => receivedAt - Number(all[index - 1]?.receivedAt))
      .slice(1);

  it("A-42: of 2 s is waited out, and other calls wait for it as well", async () => {
    const before = requestsOf(stack, "a").length;
    const fault = { attempt: 1, status: 429, headers: { "retry-after": "2" } };
    const limited = ask(stack.client, "unary", through({ a: script({ text: TEXT }, fault) }));
    await eventually(() => requestsOf(stack, "a").length === before + 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const siblings = [...MODES, ...MODES].map((mode) =>
      ask(stack.client, mode, through({ a: script({ text: TEXT }) })),
    );
    const elsewhere = through({ a: script({ text: "never" }), b: script({ text: TEXT }) });
    const moved = await ask(stack.client, "stream", elsewhere);
    expect(moved.generation?.provider).toBe("b");
    const answers = await Promise.all([limited, ...siblings]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    const [first, ...later] = requestsOf(stack, "a").slice(before);
    expect(later).toHaveLength(5);
    for (const { receivedAt } of later) {
      expect(receivedAt - Number(first?.receivedAt)).toBeGreaterThanOrEqual(2_000);
    }
    for (const { generation } of answers) {
      expect(generation?.attempts.at(-1)).toMatchObject({ delayFromProvider: true });
    }
  });

  it("A-42: holds as the latest error gives it, streamed as well", async () => {
    const before = requestsOf(stack, "a").length;
    const hinted = (attempt: number, hint: string) => ({
      attempt,
      status: 429,
      headers: { "retry-after-ms": hint },
    });
    const scripts = { a: script({ text: TEXT }, hinted(1, "150"), hinted(2, "600")) };
    expect((await ask(stack.client, "stream", through(scripts))).code).toBe(0);
    const [first, second] = gaps("a", before);
    expect(first).toBeGreaterThanOrEqual(150);
    expect(second).toBeGreaterThanOrEqual(600);
  });
});
