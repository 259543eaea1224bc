import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import type { StreamEvent } from "../../../gen/es/steer/v1/stream_pb.js";
import { UsageSource } from "../../../gen/es/steer/v1/usage_pb.js";
import type { SeenRequest } from "../../support/http-upstream.ts";
import {
  answerOf,
  type SilenceSpec,
  type SilenceStack,
  startSilenceStack,
} from "../../support/silence-stack.ts";
import { eventually } from "../../support/stack.ts";

// How an answer may end behind the word for why it ended, and how it may not.

const WORDS = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
const SPEC: SilenceSpec = { model: "p", prompt: "Hi" };
const RECOVERIES = [MidStreamRecovery.FAIL, MidStreamRecovery.RESTART] as const;
const MODES = ["stream", "unary"] as const;
/** Dialects whose streams say why the output ended before their end marker. */
const ADAPTERS = ["chat", "grok", "claude"] as const;
const REASON = /"(?:finish|stop)_reason":"/;

/** The events of an answer: up to the word for why it ended, and those behind it. */
function wire({ dialect }: SilenceStack) {
  const answer = answerOf(WORDS);
  const events = dialect.events(answer).map(({ text }) => text);
  const end = events.findIndex((text) => REASON.test(text)) + 1;
  return {
    content: events.slice(0, end - 1).join(""),
    reason: events[end - 1] ?? "",
    usage: events.slice(end).join(""),
    marker: dialect.terminator(answer, events.length),
    ping: dialect.ping(),
  };
}

type Wire = ReturnType<typeof wire>;

interface Ending {
  readonly name: string;
  /** What comes behind the word, and then. */
  readonly rest: (wire: Wire) => string;
  readonly next: "end" | "cut" | "silence";
}

/** None of them takes anything from the answer. */
const WHOLE: readonly Ending[] = [
  { name: "field:E14 usage and a clean end", rest: ({ usage }) => usage, next: "end" },
  { name: "field:E14 a clean end", rest: () => "", next: "end" },
  { name: "field:E12 field:E13 silence", rest: () => "", next: "silence" },
  { name: "field:E12 usage and silence", rest: ({ usage }) => usage, next: "silence" },
  { name: "field:E12 pings", rest: ({ ping }) => ping.repeat(3), next: "silence" },
  { name: "a reset", rest: () => "", next: "cut" },
  { name: "usage and a reset", rest: ({ usage }) => usage, next: "cut" },
  { name: "half an event and a reset", rest: () => 'data: {"choi', next: "cut" },
  { name: "an event that is not JSON", rest: () => 'data: {"broken\n\n', next: "end" },
  { name: "the marker and silence", rest: (all) => all.usage + all.marker, next: "silence" },
  { name: "the marker and a reset", rest: (all) => all.usage + all.marker, next: "cut" },
];

function send({ response }: SeenRequest, text: string, next: Ending["next"]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(text, () => {
    // What was written has to be on its way before the connection breaks.
    if (next === "cut") setImmediate(() => response.socket?.resetAndDestroy());
    else if (next === "end") response.end();
  });
}

describe.each(ADAPTERS)("%s: behind a finish reason", (adapter) => {
  let stack: SilenceStack;

  beforeAll(async () => {
    stack = await startSilenceStack(adapter, {
      instance:
        ", done_optional: true, unary_upstream: stream # because: a unary call shall meet the same endings",
    });
  });

  afterAll(() => stack[Symbol.asyncDispose]());

  describe.each(MODES)("%s", (mode) => {
    it.each(WHOLE)("$name: the answer, asked for once", async ({ rest, next }) => {
      const all = wire(stack);
      stack.behaviour.one = (seen) => send(seen, all.content + all.reason + rest(all), next);
      for (const midStreamRecovery of RECOVERIES) {
        const before = stack.seen.one.length;
        const timers = stack.timers.length;
        const spec = { ...SPEC, routing: { midStreamRecovery } };
        const ended = Promise.withResolvers<void>();
        const done = stack.call[mode](spec).finally(ended.resolve);
        const waits = (): boolean => stack.timers.slice(timers).includes(2_000);
        await Promise.race([ended.promise, eventually(waits)]);
        if (waits()) await stack.clock.advance(2_000);
        const { code, text, generation } = await done;
        expect(code).toBe(0);
        expect(text.trim()).toBe(WORDS);
        expect(generation?.attempts).toHaveLength(1);
        expect(stack.seen.one).toHaveLength(before + 1);
        // Counts that did not come are estimated, and say so.
        const hasUsage = rest(all).includes(all.usage) || adapter === "claude";
        expect(generation?.usage?.source).toBe(
          hasUsage ? UsageSource.PROVIDER : UsageSource.ESTIMATED,
        );
      }
    });
  });

  it("content that follows is waited for as any content is", async () => {
    const all = wire(stack);
    stack.behaviour.one = (seen) => send(seen, all.content + all.reason + all.content, "silence");
    const events: StreamEvent[] = [];
    const done = stack.call.stream(SPEC, undefined, events);
    await eventually(() => events.some(({ event }) => event.case === "textDelta"));
    await stack.clock.advance(60_000);
    expect((await done).typed?.category).toBe(ErrorCategory.IDLE_TIMEOUT);
  });

  it("an error of the provider's voids nothing either: the answer was whole", async () => {
    const all = wire(stack);
    const error = stack.dialect.error();
    stack.behaviour.one = (seen) => send(seen, all.content + all.reason + error, "end");
    expect((await stack.call.stream(SPEC)).code).toBe(0);
  });

  it("an error of the provider's before it stays one", async () => {
    const all = wire(stack);
    const error = stack.dialect.error();
    stack.behaviour.one = (seen) => send(seen, all.content + error, "end");
    expect((await stack.call.stream(SPEC)).typed?.category).toBe(ErrorCategory.SERVER_ERROR);
  });

  it("a request's short idle limit does not void the answer", async () => {
    const all = wire(stack);
    stack.behaviour.one = (seen) => send(seen, all.content + all.reason, "silence");
    const idle = { seconds: 1n, nanos: 0 };
    const timers = stack.timers.length;
    const done = stack.call.stream({ ...SPEC, timeouts: { idle } });
    await eventually(() => stack.timers.slice(timers).includes(500));
    await stack.clock.advance(1_000);
    expect((await done).code).toBe(0);
  });
});

describe("without a finish reason", () => {
  it.each([...ADAPTERS, "responses"] as const)(
    "field:E14 %s: a clean end is a truncated answer, with done_optional as well",
    async (adapter) => {
      await using stack = await startSilenceStack(adapter, { instance: ", done_optional: true" });
      const answer = answerOf(WORDS);
      const events = stack.dialect.events(answer);
      const last = events.findLastIndex(({ content }) => content) + 1;
      const text = events
        .slice(0, last)
        .map((event) => event.text)
        .join("");
      stack.behaviour.one = (seen) => send(seen, text, "end");
      expect((await stack.call.stream(SPEC)).typed?.category).toBe(ErrorCategory.TRUNCATED);
    },
  );

  it("the Chat dialect's marker alone is no end", async () => {
    await using stack = await startSilenceStack("chat");
    const { content, marker } = wire(stack);
    stack.behaviour.one = (seen) => send(seen, content + marker, "end");
    expect((await stack.call.stream(SPEC)).typed?.category).toBe(ErrorCategory.TRUNCATED);
  });

  it.each([...ADAPTERS, "responses"] as const)(
    "%s: pings and empty deltas do not put off the idle limit",
    async (adapter) => {
      await using stack = await startSilenceStack(adapter);
      const answer = answerOf(WORDS);
      const content = stack.dialect
        .events(answer)
        .filter((event) => event.content)
        .map(({ text }) => text);
      const first = stack.dialect.events(answer).findIndex((event) => event.content) + 1;
      const begin = stack.dialect
        .events(answer)
        .slice(0, first)
        .map(({ text }) => text)
        .join("");
      const empty = (content[0] ?? "").replace(/word0 /g, "");
      stack.behaviour.one = (seen) => send(seen, begin, "silence");
      const events: StreamEvent[] = [];
      const done = stack.call.stream(SPEC, undefined, events);
      await eventually(() => events.some(({ event }) => event.case === "textDelta"));
      for (const quiet of [stack.dialect.ping(), empty, stack.dialect.ping()]) {
        await stack.clock.advance(10_000);
        stack.seen.one[0]?.response.write(quiet);
      }
      expect((await done).typed?.category).toBe(ErrorCategory.IDLE_TIMEOUT);
    },
  );
});
