// Nothing of an answer is lost in silence: every value of a recorded answer, and of answers with fields
// that nobody knows, is in the result or in the provider's metadata.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/domain/json.ts";
import * as registry from "../../src/providers/registry.ts";
import { RESPONSE_FIELDS } from "../../src/providers/shared/response-fields.ts";
import { leavesOf, lostOf, READERS, resultOf } from "../support/answer-leaves.ts";
import { loadFixtures } from "../support/wire-fixture.ts";

/** What the documentation names as left out: what an answer is, echoes of the request, items' names. */
const FORM: Readonly<Record<string, ReadonlySet<string>>> = {
  "openai/chat": new Set(["object", "created", "obfuscation"]),
  "xai/chat": new Set(["object", "created"]),
  "openai/responses": new Set([...RESPONSE_FIELDS.known].filter(isLeftOut)),
  "anthropic/messages": new Set(["type"]),
};
/** Of parts, wherever they stand. */
const FORM_OF_PARTS = new Set(["type", "role", "index", "status", "object"]);

function isLeftOut(field: string): boolean {
  return !["id", "model", "status", "output", "usage", "incomplete_details"].includes(field);
}

/** Counts are brought to one arithmetic, which has tests of its own. */
const COUNTS =
  /^\/usage\/(?:(?:input|output|prompt|completion|total)_tokens|cache_creation\/ephemeral_5m_input_tokens)$/;

function isForm(dialect: string, path: string): boolean {
  const [first = "", ...rest] = path.split("/").slice(1);
  const last = rest.at(-1) ?? first;
  if (FORM[dialect]?.has(first) || (rest.length > 0 && FORM_OF_PARTS.has(last))) return true;
  // The name of an item that has a word.
  const isName = /^\/output\/\d+\/id$/.test(path);
  return isName || COUNTS.test(path) || path === "/role" || path === "/status";
}

async function expectAll(dialect: string, body: JsonObject): Promise<void> {
  const reader = READERS[dialect]?.();
  if (reader === undefined) throw new Error(`no reader of ${dialect}`);
  reader.readBody(body, JSON.stringify(body));
  const result = await resultOf(reader.events);
  const said = leavesOf(body).filter(({ path }) => !isForm(dialect, path));
  const lost = lostOf(said, result);
  expect(lost, JSON.stringify(body)).toEqual([]);
}

const { simulator: _, ...wireTypes } = registry;

/** Types whose wire is a dialect of OpenAI are read as that. */
function readAs(type: string, dialect: string): string {
  const own = `${type}/${dialect}`;
  return own in READERS ? own : `openai/${dialect}`;
}

const recorded = Object.keys(wireTypes).flatMap((type) =>
  loadFixtures(type)
    .filter(({ expected, status }) => !expected.stream && status === 200 && !expected.error)
    .map((fixture) => ({
      name: fixture.name,
      dialect: readAs(type, fixture.expected.dialect),
      fixture,
    })),
);

describe("every value of an answer is in the result", () => {
  it.each(recorded)("$name", async ({ dialect, fixture }) => {
    await expectAll(dialect, JSON.parse(fixture.body.toString("utf8")) as JsonObject);
  });

  /** Numbers and words that occur nowhere else. */
  const value = fc.letrec<{ any: JsonValue }>((tie) => ({
    any: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.stringMatching(/^v[a-z]{12,20}$/),
      fc.integer({ min: 1e9, max: Number.MAX_SAFE_INTEGER }),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^k[a-z]{8}$/), tie("any"), { maxKeys: 3 }),
    ),
  })).any as fc.Arbitrary<JsonValue>;
  const extra = fc.dictionary(fc.stringMatching(/^x[a-z]{8}$/), value, { maxKeys: 3 });

  const BODIES: Readonly<Record<string, (more: readonly JsonObject[]) => JsonObject>> = {
    "openai/chat": ([top, choice, message, call, usage]) => ({
      id: "c1",
      ...top,
      choices: [
        {
          index: 0,
          finish_reason: "tool_calls",
          ...choice,
          message: {
            content: "hello",
            ...message,
            tool_calls: [{ id: "call_1", ...call, function: { name: "f", arguments: "{}" } }],
          },
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 12, ...usage },
    }),
    "openai/responses": ([top, item, message, call, usage]) => ({
      id: "resp_1",
      status: "completed",
      ...top,
      output: [
        { type: "brand_new", ...item },
        { type: "message", ...message, content: [{ type: "output_text", text: "hello" }] },
        { type: "function_call", call_id: "call_1", name: "f", arguments: "{}", ...call },
      ],
      usage: { input_tokens: 11, output_tokens: 12, ...usage },
    }),
    "anthropic/messages": ([top, block, text, call, usage]) => ({
      id: "m1",
      ...top,
      content: [
        { type: "brand_new", ...block },
        { type: "text", text: "hello", ...text },
        { type: "tool_use", id: "toolu_1", name: "f", input: {}, ...call },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 11, output_tokens: 12, ...usage },
    }),
  };

  it.each(Object.keys(BODIES))("of %s with fields that nobody knows", async (dialect) => {
    const body = BODIES[dialect];
    await fc.assert(
      fc.asyncProperty(fc.tuple(extra, extra, extra, extra, extra), async (more) => {
        const built = body?.(more);
        if (isJsonObject(built)) await expectAll(dialect, built);
      }),
      { numRuns: 60 },
    );
  });
});
