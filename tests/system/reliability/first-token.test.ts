import { describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import type { StreamEvent } from "../../../gen/es/steer/v1/stream_pb.js";
import type { SeenRequest } from "../../support/http-upstream.ts";
import {
  answer,
  answerOf,
  SILENCE_ADAPTERS,
  type SilenceAdapter,
  type SilenceOutcome,
  type SilenceSpec,
  type SilenceStack,
  startSilenceStack,
} from "../../support/silence-stack.ts";
import { eventually } from "../../support/stack.ts";

// A provider that takes the request and says nothing, and another target that is well.

const MODES = ["unary", "stream"] as const;
const ADAPTERS = Object.keys(SILENCE_ADAPTERS) as SilenceAdapter[];
const WITH_FALLBACK: SilenceSpec = {
  model: "p",
  prompt: "Hi",
  routing: { fallbacks: [{ model: "q" }] },
};
const ALONE: SilenceSpec = { model: "p", prompt: "Hi" };

/** Its answer comes from `q` once so much time has passed, and not before. */
async function rescuedAt(
  stack: SilenceStack,
  mode: "unary" | "stream",
  ms: number,
  spec: SilenceSpec = WITH_FALLBACK,
): Promise<void> {
  stack.behaviour.two = (seen) => answer(seen, stack.dialect);
  const done = stack.call[mode](spec);
  await stack.arrived("one");
  await stack.clock.advance(ms - 1);
  expect(stack.seen.two).toHaveLength(0);
  await stack.clock.advance(1);
  expectRescue(await done);
  expect(stack.seen.one).toHaveLength(1);
}

function expectRescue({ code, generation, text }: SilenceOutcome): void {
  expect(code).toBe(0);
  expect(text).toBe("the answer");
  expect(generation?.attempts).toMatchObject([
    { model: "p", errorCategory: ErrorCategory.FIRST_TOKEN_TIMEOUT },
    { model: "q" },
  ]);
}

/** A request that instance `one` has got. */
function request({ seen }: SilenceStack, position: number): SeenRequest {
  const found = seen.one[position];
  if (found === undefined) throw new Error("no such request");
  return found;
}

const seconds = (value: number) => ({ seconds: BigInt(value), nanos: 0 });

describe.each(ADAPTERS)("%s: a silent target is left for the next one", (adapter) => {
  it.each([
    ["unary", 4, 2_000],
    ["unary", 8, 4_000],
    ["stream", 4, 2_000],
    ["stream", 8, 4_000],
    ["stream", 30, 10_000],
    ["stream", undefined, 10_000],
  ] as const)("field:E10 %s with a total of %s s: after %s ms", async (mode, total, ms) => {
    await using stack = await startSilenceStack(adapter);
    const timeouts = total === undefined ? {} : { total: seconds(total) };
    await rescuedAt(stack, mode, ms, { ...WITH_FALLBACK, timeouts });
  });

  it.each(MODES)("field:E10 %s: a deadline is halved as a total is", async (mode) => {
    await using stack = await startSilenceStack(adapter);
    stack.behaviour.two = (seen) => answer(seen, stack.dialect);
    // The deadline runs on the machine's clock as well: it is far away.
    const done = stack.call[mode](WITH_FALLBACK, 18_000);
    await stack.arrived("one");
    await stack.clock.advance(8_950);
    expectRescue(await done);
  });

  it("field:E9 unary without a deadline: after 10 s of a stream, 60 s of a whole answer", async () => {
    await using stack = await startSilenceStack(adapter);
    // A compatible server's streams may not report usage.
    const streams = adapter !== "chat";
    await rescuedAt(stack, "unary", streams ? 10_000 : 60_000);
    expect(stack.seen.one.map(({ body }) => JSON.parse(body).stream)).toEqual([streams]);
    // The last target answers as a whole.
    expect(stack.seen.two.map(({ body }) => JSON.parse(body).stream)).toEqual([false]);
  });

  it("field:E9 unary_upstream decides which of them it is", async () => {
    for (const [wish, ms] of [
      ["whole", 60_000],
      ["stream", 10_000],
    ] as const) {
      await using stack = await startSilenceStack(adapter, {
        instance: `, unary_upstream: ${wish} # because: the setting is what is tested`,
      });
      await rescuedAt(stack, "unary", ms);
      expect(JSON.parse(stack.seen.two[0]?.body ?? "").stream).toBe(wish === "stream");
    }
  });
});

describe("field:E9 a unary call is asked for as a whole", () => {
  const webSearch = { provider: "one", config: { type: "web_search" } };

  it.each<[string, SilenceSpec]>([
    ["where no other target is left", ALONE],
    [
      "with fields that the vendor alone knows",
      { ...WITH_FALLBACK, providerOptions: { one: { audio: {} } } },
    ],
    [
      "with tools that the vendor runs",
      { ...WITH_FALLBACK, tools: [{ kind: { case: "providerTool", value: webSearch } }] },
    ],
  ])("%s", async (_name, spec) => {
    await using stack = await startSilenceStack("responses");
    stack.behaviour.one = (seen) => answer(seen, stack.dialect);
    const { code } = await stack.call.unary(spec);
    expect(code).toBe(0);
    expect(stack.seen.one.map(({ body }) => JSON.parse(body).stream)).toEqual([false]);
  });
});

describe("field:E11 a deadline that passes in silence, with no other target", () => {
  it.each(MODES)("%s: a typed error with the attempts comes before the bare one", async (mode) => {
    await using stack = await startSilenceStack("chat");
    const done = stack.call[mode](ALONE, 5_000);
    await stack.arrived("one");
    await stack.clock.advance(4_900);
    const { code, typed, events } = await done;
    expect(code).toBe(4);
    expect(typed).toMatchObject({
      category: ErrorCategory.TOTAL_TIMEOUT,
      attempts: [{ provider: "one", model: "p" }],
      // A reader may come back to a stream: its generation goes on for a while.
      reason: mode === "stream" ? "DELIVERY_DEADLINE" : "TOTAL_TIMEOUT",
      retryable: mode === "stream",
    });
    expect(events.some(({ event }) => event.case === "error")).toBe(false);
  });

  it("a resumed stream and one that is joined have it, too", async () => {
    await using stack = await startSilenceStack("chat");
    const events: Parameters<typeof stack.call.stream>[2] = [];
    const done = stack.call.stream(ALONE, undefined, events);
    await eventually(() => events.length > 0);
    const start = events[0]?.event;
    const streamId = start?.case === "start" ? start.value.streamId : "";
    const before = stack.timers.length;
    const reading = (async () => {
      for await (const _ of stack.client.resumeStream(
        { streamId, lastSequence: 1 },
        { timeoutMs: 5_000 },
      ));
    })().catch((error) => error);
    await eventually(() => stack.timers.slice(before).some((ms) => ms > 4_500 && ms <= 4_900));
    await stack.clock.advance(4_900);
    const error = await reading;
    expect(error).toMatchObject({ code: 4 });
    expect(String(error.message)).toContain("can be resumed");
    await stack.clock.advance(30_000);
    expect((await done).typed?.category).toBe(ErrorCategory.FIRST_TOKEN_TIMEOUT);
  });
});

describe("a target that is slow with long prompts", () => {
  const LONG = "word ".repeat(20_000);
  const long = (spec: SilenceSpec): SilenceSpec => ({ ...spec, prompt: LONG });

  it("field:E22 is given twice what such prompts take there, and others keep their limit", async () => {
    await using stack = await startSilenceStack("chat");
    const measured = stack.call.stream(long(ALONE));
    await stack.arrived("one");
    await stack.clock.advance(12_000);
    answer(request(stack, 0), stack.dialect);
    expect((await measured).code).toBe(0);

    const slow = stack.call.stream(long(WITH_FALLBACK));
    await stack.arrived("one", 2);
    await stack.clock.advance(23_999);
    expect(stack.seen.two).toHaveLength(0);
    answer(request(stack, 1), stack.dialect);
    expect((await slow).generation?.attempts).toMatchObject([{ model: "p" }]);

    stack.behaviour.two = (seen) => answer(seen, stack.dialect);
    const short = stack.call.stream(WITH_FALLBACK);
    await stack.arrived("one", 3);
    await stack.clock.advance(10_000);
    expect((await short).generation?.model).toBe("q");
  });

  it.each(["chat", "responses"] as const)(
    "field:E21 field:E22 %s: is not ejected while it delivers to others, by streams or unary calls",
    async (adapter) => {
      await using stack = await startSilenceStack(adapter);
      stack.behaviour.two = (seen) => answer(seen, stack.dialect);
      const events: StreamEvent[] = [];
      const idle = seconds(3_600);
      const other = stack.call.stream({ ...ALONE, timeouts: { idle } }, undefined, events);
      await stack.arrived("one");
      const { response } = request(stack, 0);
      const words = answerOf("word ".repeat(20));
      const wire = stack.dialect.events(words);
      const first = wire.findIndex(({ content }) => content);
      const send = (from: number, to: number): void => {
        for (const { text } of wire.slice(from, to)) response.write(text);
      };
      response.writeHead(200, { "content-type": "text/event-stream" });
      send(0, first);
      const waits: number[] = [];
      for (let round = 0; round < 7; round++) {
        const mode = adapter === "responses" && round % 2 === 0 ? "unary" : "stream";
        const slow = stack.call[mode](WITH_FALLBACK);
        await stack.arrived("one", round + 2);
        // Another caller's stream goes on meanwhile.
        const read = events.length;
        send(first + round, first + round + 1);
        await eventually(() => events.length > read);
        const before = stack.timers.length;
        const isLeft = (): boolean =>
          stack.seen.two.length > round || stack.timers.slice(before).includes(30_000);
        let waited = 0;
        for (; !isLeft() && waited < 120; waited++) await stack.clock.advance(1_000);
        waits.push(waited);
        expect((await slow).generation?.model).toBe("q");
      }
      // Each wait teaches that such prompts take longer there, up to a bound.
      if (adapter === "chat") expect(waits).toEqual([10, 20, 40, 40, 40, 40, 40]);
      // Each of them asked it first, and the next one does, too.
      expect(stack.seen.one).toHaveLength(8);
      stack.behaviour.one = (seen) => answer(seen, stack.dialect);
      expect((await stack.call.stream(WITH_FALLBACK)).generation?.model).toBe("p");
      send(first + 7, wire.length);
      response.end(stack.dialect.terminator(words, wire.length));
      expect((await other).code).toBe(0);
    },
  );

  it("is ejected where nobody hears from it", async () => {
    await using stack = await startSilenceStack("chat");
    stack.behaviour.two = (seen) => answer(seen, stack.dialect);
    for (let round = 0; round < 5; round++) {
      const silent = stack.call.stream(WITH_FALLBACK);
      await stack.arrived("one", round + 1);
      await stack.clock.advance(10_000);
      expect((await silent).code).toBe(0);
    }
    expect((await stack.call.stream(WITH_FALLBACK)).code).toBe(0);
    expect(stack.seen.one).toHaveLength(5);
  });
});

describe("field:E21 limits of a target's own", () => {
  it("the model's timeouts go before the instance's, and the request's before both", async () => {
    await using stack = await startSilenceStack("chat", {
      instance:
        ", timeouts: {first_token_failover: 20s, first_token: 50s} # because: the model's go first",
      model: ", timeouts: {first_token_failover: 15s} # because: the request's go first",
      file: "timeouts: {first_token_failover: 5s} # because: the instance's go first",
    });
    await rescuedAt(stack, "stream", 15_000);
    const own = stack.call.stream({
      ...WITH_FALLBACK,
      timeouts: { firstToken: seconds(2) },
    });
    await stack.arrived("one", 2);
    await stack.clock.advance(2_000);
    expect((await own).generation?.model).toBe("q");
    const alone = stack.call.stream(ALONE);
    await stack.arrived("one", 3);
    await stack.clock.advance(49_999);
    answer(request(stack, 2), stack.dialect);
    expect((await alone).code).toBe(0);
  });

  it("a server with one slot gets one call at a time, and the others wait here", async () => {
    await using stack = await startSilenceStack("chat", {
      instance:
        ", limit: {queue_wait: 10m} # because: seven answers of 20 s come one after another",
      model: ", limit: {max_in_flight: 1} # because: the server has one slot",
    });
    const calls = Array.from({ length: 7 }, () => stack.call.stream(ALONE));
    for (let served = 1; served <= calls.length; served++) {
      await stack.arrived("one", served);
      await stack.clock.advance(20_000);
      expect(stack.seen.one).toHaveLength(served);
      answer(request(stack, served - 1), stack.dialect);
    }
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(calls.map(() => 0));
  });
});
