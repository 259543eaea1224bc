// Bodies that are nearly those of a vendor's API: each is answered or refused, and none is an internal error.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/domain/json.ts";
import { type Stack, startStack } from "../support/stack.ts";

const RUNS = 300;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
const CHAT: JsonObject = {
  model: "m-chat",
  messages: [
    { role: "system", content: "s" },
    { role: "user", name: "n", content: [{ type: "text", text: "hi" }] },
    {
      role: "user",
      content: [{ type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } }],
    },
    { role: "assistant", content: null, refusal: "no", reasoning_content: "r", tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", content: "ok" },
  ],
  tools: [
    { type: "function", function: { name: "f", description: "d", parameters: {}, strict: true } },
  ],
  tool_choice: { type: "function", function: { name: "f" } },
  response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } },
  stop: ["a"],
  temperature: 0.5,
  max_tokens: 20,
  seed: 3,
  reasoning_effort: "low",
  metadata: { a: "b" },
  stream: false,
  steer: {
    labels: { a: "b" },
    timeouts: { total: "5s" },
    routing: { fallbacks: [{ model: "m-claude" }] },
  },
};
const RESPONSES: JsonObject = {
  model: "m-responses",
  instructions: "i",
  input: [
    { role: "user", content: [{ type: "input_text", text: "hi" }] },
    {
      type: "reasoning",
      id: "r",
      summary: [{ type: "summary_text", text: "t" }],
      encrypted_content: "e",
    },
    { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "c", output: "ok" },
  ],
  tools: [{ type: "function", name: "f", parameters: {} }],
  text: { format: { type: "json_object" } },
  reasoning: { effort: "low", summary: "auto" },
  max_output_tokens: 20,
  store: false,
  stream: false,
};
const MESSAGES: JsonObject = {
  model: "m-claude",
  max_tokens: 20,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "1h" } }],
  messages: [
    {
      role: "user",
      content: [{ type: "document", source: { type: "text", data: "d" }, title: "t" }],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "t", signature: "s" },
        { type: "tool_use", id: "t1", name: "f", input: {} },
      ],
    },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "t1", content: "ok", is_error: true }],
    },
  ],
  tools: [{ name: "f", input_schema: { type: "object" } }],
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  thinking: { type: "adaptive" },
  output_config: { effort: "low" },
  stop_sequences: ["x"],
  stream: false,
};

const anything: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    true,
    false,
    0,
    -1,
    1e308,
    2 ** 53,
    "",
    "x",
    [],
    {},
    [[]],
    [null],
  ),
  fc.constantFrom<JsonValue>("constructor", "__proto__", "\ud800", "a\u0000b"),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>,
);

/** Paths of all values in a body. */
function placesOf(value: JsonValue, path: (string | number)[] = []): (string | number)[][] {
  const entries = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return [path, ...entries.flatMap(([key, inner]) => placesOf(inner, [...path, key]))];
}

/** The body with another value at a place; undefined: with nothing there. */
function changed(
  body: JsonValue,
  path: readonly (string | number)[],
  value: JsonValue | undefined,
): JsonValue {
  const copy = structuredClone(body);
  const last = path.at(-1);
  if (last === undefined) return value ?? {};
  let holder = copy as Record<string | number, JsonValue>;
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string | number, JsonValue>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}

function mutant(body: JsonObject): fc.Arbitrary<JsonValue> {
  const places = placesOf(body);
  const change = fc.record({
    place: fc.constantFrom(...places),
    value: fc.option(anything, { nil: undefined }),
  });
  return change.map(({ place, value }) => changed(body, place, value));
}

/** Bad values that are the provider's to refuse come back as its refusal. */
const ANSWERS = new Set([200, 400, 404, 409, 413, 429, 503]);

describe.each([
  ["/v1/chat/completions", CHAT],
  ["/v1/responses", RESPONSES],
  ["/v1/responses/input_tokens", RESPONSES],
  ["/v1/messages", MESSAGES],
  ["/v1/messages/count_tokens", MESSAGES],
])("%s", (path, body) => {
  it(`answers or refuses ${RUNS} bodies that are nearly right`, async () => {
    await fc.assert(
      fc.asyncProperty(mutant(body), async (sent) => {
        const response = await fetch(`${stack.service.http}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(sent),
        });
        const text = await response.text();
        expect([response.status, text]).toEqual([
          expect.toSatisfy((status) => ANSWERS.has(status)),
          text,
        ]);
      }),
      { numRuns: RUNS, seed: 1 },
    );
    expect(stack.service.log.filter(({ event }) => event === "defect")).toEqual([]);
  });
});
