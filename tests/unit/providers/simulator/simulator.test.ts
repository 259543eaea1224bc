import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import type { GenerationSpec } from "../../../../src/domain/generation-spec.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { ProviderEvent } from "../../../../src/domain/provider-event.ts";
import { simulator } from "../../../../src/providers/simulator/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { testInstance, testRequest } from "../../../support/provider-request.ts";
import { simulate, textOf, user } from "../../../support/simulate.ts";

const last = (events: readonly ProviderEvent[]) => events.at(-1);
const countsOf = (events: readonly ProviderEvent[]) =>
  events.flatMap((event) => (event.type === "usage" ? [event.counts] : []))[0];

describe("simulator", () => {
  it("answers any prompt with at least 20 deltas, the same each time and in both modes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: "grapheme" }), async (prompt) => {
        const { events } = await simulate(user(prompt));
        const deltas = events.filter(({ type }) => type === "text-delta");
        expect(deltas.length).toBeGreaterThanOrEqual(20);
        const again = await simulate(user(prompt));
        expect(again.events).toEqual(events);
        const unary = await simulate(user(prompt), {}, { stream: false });
        expect(textOf(unary.events)).toBe(textOf(events));
        expect(countsOf(unary.events)).toEqual(countsOf(events));
        expect(countsOf(events)).toEqual({
          inputTokens: Math.ceil(Array.from(prompt).length / 4) + 4,
          outputTokens: deltas.length,
        });
      }),
      { numRuns: 50 },
    );
  });

  it("says different things to different prompts", async () => {
    expect(textOf((await simulate(user("a"))).events)).not.toBe(
      textOf((await simulate(user("b"))).events),
    );
  });

  it.each([
    ["Hello\n  there", "You wrote: “Hello there”."],
    ["", "Your prompt has no text."],
    [" ", "Your prompt has no text."],
    ["é".repeat(200), `You wrote: “${"é".repeat(200)}”.`],
    ["🚀".repeat(201), `You wrote: “${"🚀".repeat(200)}…”.`],
    ["🚀 ".repeat(1_000_000), `You wrote: “${"🚀 ".repeat(100)}…”.`],
    [`${" ".repeat(799)}🚀`, "You wrote: “\uFFFD…”."],
  ])("says what it is, and the beginning of the prompt (%#)", async (prompt, wrote) => {
    const text = textOf((await simulate(user(prompt))).events);
    expect(text).toMatch(/^This is Steer's simulator: no model was asked/);
    expect(text).toContain(` ${wrote} `);
    expect(text.isWellFormed()).toBe(true);
  });

  it("echoes the last message of the user", async () => {
    const [{ messages = [] }, { messages: second = [] }] = [user("first"), user("second")];
    const spec = { messages: [...messages, ...second] };
    expect(textOf((await simulate(spec)).events)).toContain("“second”");
  });

  it("stops at the token limit", async () => {
    const { events } = await simulate({ ...user("Hi"), sampling: { maxOutputTokens: 7 } });
    expect(countsOf(events)?.outputTokens).toBe(7);
    expect(last(events)).toMatchObject({ type: "finish", reason: "max-tokens" });
  });

  it.each([
    ["a b c d e f", ["c d"], "a b "],
    ["one two three four", ["three", "two"], "one "],
    ["nothing of it here at all", ["absent"], "nothing of it here at all"],
  ])("ends %j at %j", async (text, stopSequences, expected) => {
    const { events } = await simulate({ ...user("Hi"), sampling: { stopSequences } }, { text });
    expect(textOf(events)).toBe(expected);
    expect(last(events)).toMatchObject({ reason: expected === text ? "stop" : "stop-sequence" });
  });

  it("finds a stop sequence wherever the tokens split it, and returns nothing of it", async () => {
    const { events } = await simulate(user("Hi"), { tokens: 30 });
    const whole = Array.from(textOf(events));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 12 }),
        async (start, length) => {
          const stop = whole.slice(start, start + length).join("");
          const cut = await simulate(
            { ...user("Hi"), sampling: { stopSequences: [stop] } },
            { tokens: 30 },
          );
          expect(textOf(cut.events)).toBe(whole.join("").slice(0, whole.join("").indexOf(stop)));
          expect(last(cut.events)).toMatchObject({ reason: "stop-sequence" });
          const deltas = cut.events.filter(({ type }) => type === "text-delta");
          expect(countsOf(cut.events)?.outputTokens).toBe(deltas.length);
          for (const delta of deltas) expect(delta).not.toMatchObject({ text: "" });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("stops at whichever comes first, the token limit or a stop sequence", async () => {
    const script = { text: "a b c d e f" };
    const sampled = async (maxOutputTokens: number) =>
      (
        await simulate(
          { ...user("Hi"), sampling: { maxOutputTokens, stopSequences: ["d"] } },
          script,
        )
      ).events;
    expect(last(await sampled(6))).toMatchObject({ reason: "max-tokens" });
    expect(last(await sampled(7))).toMatchObject({ reason: "stop-sequence" });
  });

  it.each<[string, GenerationSpec["toolChoice"], string]>([
    ["required", { mode: "required" }, "first"],
    ["named", { mode: { functionName: "second" } }, "second"],
  ])("calls the tool that is %s", async (_name, toolChoice, called) => {
    const parameters =
      '{"type":"object","required":["city"],"properties":{"city":{"enum":["Köln","Paris"]}}}';
    const tools = ["first", "second"].map((name) => ({
      type: "function" as const,
      name,
      description: "",
      parametersJsonSchema: parameters,
    }));
    const { events } = await simulate({ ...user("Hi"), tools, ...(toolChoice && { toolChoice }) });
    const calls = events.flatMap((event) => (event.type === "tool-call-delta" ? [event] : []));
    expect(calls[0]).toMatchObject({ name: called, id: /^call_/ });
    expect(calls.map(({ argumentsFragment }) => argumentsFragment).join("")).toBe(
      '{"city":"Köln"}',
    );
    for (const { argumentsFragment } of calls) {
      expect(Array.from(argumentsFragment).length).toBeLessThanOrEqual(3);
    }
    expect(last(events)).toMatchObject({ reason: "tool-calls" });
  });

  it("writes a small value of a JSON Schema, a few code points at a time", async () => {
    const schema =
      '{"type":"object","required":["city","days"],"properties":{"city":{"const":"Köln 🚀"},"days":{"type":"array","minItems":9,"items":{"type":"integer"}}}}';
    const outputFormat = { type: "json-schema", name: "r", schema, description: "" } as const;
    const { events } = await simulate({ ...user("Hi"), outputFormat });
    expect(textOf(events)).toBe('{"city":"Köln 🚀","days":[0,0,0,0,0,0,0,0,0]}');
    for (const event of events) {
      if (event.type !== "text-delta") continue;
      expect(Array.from(event.text).length).toBeLessThanOrEqual(3);
    }
  });

  it("calls with an object where the parameters have no schema or no type", async () => {
    for (const parametersJsonSchema of ["", "{}", '{"description":"anything"}']) {
      const { events } = await simulate({
        ...user("Hi"),
        tools: [{ type: "function", name: "f", description: "", parametersJsonSchema }],
        toolChoice: { mode: "required" },
      });
      const [call] = events.flatMap((event) => (event.type === "tool-call-delta" ? [event] : []));
      expect(call?.argumentsFragment).toBe("{");
      expect(countsOf(events)?.outputTokens).toBe(2);
    }
  });

  it.each<[JsonObject, string]>([
    [{ pace: 1 }, "spec.provider_options.simulator.pace"],
    [{ tokens: "many" }, "spec.provider_options.simulator.tokens"],
    [{ tokens: 1e9 }, "spec.provider_options.simulator.tokens"],
    [{ faults: [{ status: 500 }] }, "spec.provider_options.simulator.faults[0].attempt"],
    [{ faults: [{ attempt: 0 }] }, "spec.provider_options.simulator.faults[0].attempt"],
    [{ faults: [{ attempt: 1, status: 200 }] }, "spec.provider_options.simulator.faults[0].status"],
  ])("refuses the script %j by path", async (options, field) => {
    const { error } = await simulate(user("Hi"), options);
    expect(error).toMatchObject({ kind: "validation", violations: [{ field }] });
  });

  it("lets other work of the process run between its tokens", async () => {
    const provider = await simulator.create(testInstance({ type: "simulator" }), {
      clock: createManualClock(),
      allowFaults: false,
    });
    const controller = new AbortController();
    const reason = new GatewayError("cancelled", "test");
    setImmediate(() => controller.abort(reason));
    const { events, error } = await collectEvents(
      provider.generate(
        testRequest({ options: { tokens: 200_000 }, stream: true }),
        controller.signal,
      ),
    );
    expect(error).toBe(reason);
    expect(events.length).toBeLessThan(1_000);
  });

  it("takes as long for a whole answer as for its stream", async () => {
    const clock = createManualClock();
    const provider = await simulator.create(testInstance({ type: "simulator" }), {
      clock,
      allowFaults: true,
    });
    const options = { tokens: 11, first_token_ms: 100, pace_ms: 50 };
    const ended: boolean[] = [];
    const runs = [true, false].map((stream) =>
      collectEvents(
        provider.generate(testRequest({ options, stream }), new AbortController().signal),
      ).then(() => ended.push(stream)),
    );
    await clock.advance(599);
    expect(ended).toEqual([]);
    await clock.advance(1);
    await Promise.all(runs);
  });

  it("pauses by the clock, and an abort ends the pause", async () => {
    const clock = createManualClock();
    const provider = await simulator.create(testInstance({ type: "simulator" }), {
      clock,
      allowFaults: true,
    });
    const controller = new AbortController();
    const outcome = collectEvents(
      provider.generate(
        testRequest({ options: { first_token_ms: 100, pace_ms: 50 }, stream: true }),
        controller.signal,
      ),
    );
    await clock.advance(260);
    const reason = new GatewayError("cancelled", "test");
    controller.abort(reason);
    const { events, error } = await outcome;
    expect(error).toBe(reason);
    // At 100, 150, 200 and 250 ms.
    expect(events.filter(({ type }) => type === "text-delta")).toHaveLength(4);
    expect(clock.pendingTimers).toBe(0);
  });
});
