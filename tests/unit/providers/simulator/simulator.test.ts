import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import type { GenerationSpec } from "../../../../src/domain/generation-spec.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { ProviderEvent } from "../../../../src/domain/provider-event.ts";
import { smallestValue } from "../../../../src/providers/simulator/json-value.ts";
import { simulator } from "../../../../src/providers/simulator/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { testInstance, testRequest, testSpec } from "../../../support/provider-request.ts";

async function answer(
  spec: Partial<GenerationSpec>,
  options: JsonObject = {},
  { stream = true, allowFaults = true, attempt = 1 } = {},
) {
  const clock = createManualClock();
  const provider = await simulator.create(testInstance({ type: "simulator" }), {
    clock,
    allowFaults,
  });
  const request = testRequest({ spec: testSpec(spec), options, stream, attempt });
  return collectEvents(provider.generate(request, new AbortController().signal));
}

const user = (text: string): Partial<GenerationSpec> => ({
  messages: [{ role: "user", parts: [{ type: "text", text }] }],
});

function textOf(events: readonly ProviderEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

const last = (events: readonly ProviderEvent[]) => events.at(-1);
const countsOf = (events: readonly ProviderEvent[]) =>
  events.flatMap((event) => (event.type === "usage" ? [event.counts] : []))[0];

describe("simulator", () => {
  it("answers any prompt with at least 20 deltas, the same each time and in both modes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: "grapheme" }), async (prompt) => {
        const { events } = await answer(user(prompt));
        const deltas = events.filter(({ type }) => type === "text-delta");
        expect(deltas.length).toBeGreaterThanOrEqual(20);
        const again = await answer(user(prompt));
        expect(again.events).toEqual(events);
        const unary = await answer(user(prompt), {}, { stream: false });
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
    expect(textOf((await answer(user("a"))).events)).not.toBe(
      textOf((await answer(user("b"))).events),
    );
  });

  it("stops at the token limit", async () => {
    const { events } = await answer({ ...user("Hi"), sampling: { maxOutputTokens: 7 } });
    expect(countsOf(events)?.outputTokens).toBe(7);
    expect(last(events)).toMatchObject({ type: "finish", reason: "max-tokens" });
  });

  it.each([
    ["a b c d e f", ["c d"], "a b "],
    ["one two three four", ["three", "two"], "one "],
    ["nothing of it here at all", ["absent"], "nothing of it here at all"],
  ])("ends %j at %j", async (text, stopSequences, expected) => {
    const { events } = await answer({ ...user("Hi"), sampling: { stopSequences } }, { text });
    expect(textOf(events)).toBe(expected);
    expect(last(events)).toMatchObject({ reason: expected === text ? "stop" : "stop-sequence" });
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
    const { events } = await answer({ ...user("Hi"), tools, ...(toolChoice && { toolChoice }) });
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

  it.each<[string, JsonObject]>([
    [
      "an object",
      {
        type: "object",
        required: ["a", "b"],
        properties: {
          a: { type: "string", minLength: 2 },
          b: { type: "array", minItems: 2, items: { type: "integer", minimum: 3 } },
        },
      },
    ],
    [
      "numbers",
      {
        type: "object",
        required: ["x", "y", "z"],
        properties: {
          x: { exclusiveMinimum: 1, type: "integer" },
          y: { type: "number", multipleOf: 0.5, minimum: 0.75 },
          z: { type: "integer", maximum: -2 },
        },
      },
    ],
    [
      "references",
      {
        $ref: "#/$defs/node",
        $defs: {
          node: {
            type: "object",
            required: ["name"],
            properties: { name: { const: "n" }, next: { $ref: "#/$defs/node" } },
          },
        },
      },
    ],
    ["choices", { anyOf: [{ type: "boolean" }, { type: "null" }] }],
    [
      "parts",
      {
        allOf: [
          { type: "object", required: ["a"] },
          { required: ["b"], properties: { a: { type: "null" }, b: { enum: [3] } } },
        ],
      },
    ],
    [
      "formats",
      {
        type: "object",
        required: ["d", "u"],
        properties: {
          d: { type: "string", format: "date-time" },
          u: { type: "string", format: "uuid" },
        },
      },
    ],
    [
      "a tuple",
      { type: "array", minItems: 2, prefixItems: [{ type: "string" }, { type: "boolean" }] },
    ],
    ["several types", { type: ["string", "null"] }],
  ])("writes what the schema allows: %s", async (_name, schema) => {
    expect(new Validator(schema, "2020-12").validate(smallestValue(schema)).errors).toEqual([]);
    const outputFormat = {
      type: "json-schema",
      name: "r",
      schema: JSON.stringify(schema),
      description: "",
    } as const;
    const { events } = await answer({ ...user("Hi"), outputFormat });
    expect(JSON.parse(textOf(events))).toEqual(smallestValue(schema));
  });

  it.each<[string, JsonObject, string, number]>([
    ["a status", { status: 503 }, "server-error", 0],
    [
      "a status with its body",
      { status: 400, body: { error: { code: "context_length_exceeded" } } },
      "context-length",
      0,
    ],
    ["a refused connection", { refuse: true }, "network", 0],
    ["a cut", { cut_after_bytes: 10 }, "network", 1],
    ["a broken event", { malformed_at: 3 }, "protocol", 3],
    ["an error inside", { error_at: 2 }, "server-error", 2],
    [
      "an overload inside",
      { error_at: 2, body: { error: { type: "overloaded_error" } } },
      "provider-overloaded",
      2,
    ],
    ["no end marker", { omit_terminator: true }, "truncated", 20],
  ])("fails by script: %s", async (_name, fault, kind, least) => {
    const { events, error } = await answer(user("Hi"), { faults: [{ attempt: 1, ...fault }] });
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ kind });
    expect(events.some(({ type }) => type === "finish")).toBe(false);
    expect(events.filter(({ type }) => type === "text-delta").length).toBeGreaterThanOrEqual(least);
  });

  it("fails the attempt that the script names, and no other", async () => {
    const script = { faults: [{ attempt: 1, status: 500 }] };
    expect((await answer(user("Hi"), script)).error).toBeDefined();
    expect((await answer(user("Hi"), script, { attempt: 2 })).error).toBeUndefined();
  });

  it.each<[JsonObject, string]>([
    [{ pace: 1 }, "spec.provider_options.simulator.pace"],
    [{ tokens: "many" }, "spec.provider_options.simulator.tokens"],
    [{ tokens: 1e9 }, "spec.provider_options.simulator.tokens"],
    [{ faults: [{ status: 500 }] }, "spec.provider_options.simulator.faults[0].attempt"],
    [{ faults: [{ attempt: 1, status: 200 }] }, "spec.provider_options.simulator.faults[0].status"],
  ])("refuses the script %j by path", async (options, field) => {
    const { error } = await answer(user("Hi"), options);
    expect(error).toMatchObject({ kind: "validation", violations: [{ field }] });
  });

  it("needs permission for faults", async () => {
    const faults = { faults: [{ attempt: 1, refuse: true }] };
    expect((await answer(user("Hi"), faults, { allowFaults: false })).error).toMatchObject({
      reason: "FAULTS_DISABLED",
    });
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
