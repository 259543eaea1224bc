import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../../../gen/es/steer/v1/content_pb.js";
import type { Mode } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { toolMessage, toolResult, user, words } from "../../support/conversation.ts";
import { startTypeStack, TYPES, type Type, type TypeStack } from "../../support/type-stack.ts";
import { loadFixtures } from "../../support/wire-fixture.ts";

// What the answer of a type has brought goes back to it in its own form, and to the others in theirs.

let stack: TypeStack;

beforeAll(async () => {
  stack = await startTypeStack();
});

afterAll(() => stack?.[Symbol.asyncDispose]());

interface Wire {
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
    readonly extra_content?: object;
  }[];
  readonly tool_call_id?: string;
  readonly [field: string]: unknown;
}

const CALLERS = TYPES.filter((type) => type !== "perplexity");

function fixtureOf(type: Type, mode: Mode) {
  const name = `${type}/chat/tools-${mode}.http`;
  const found = loadFixtures(type).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}

/** The message of the fixture, as its vendor wrote it. */
function wireMessage(type: Type): Wire {
  const body = JSON.parse(fixtureOf(type, "unary").body.toString("utf8"));
  return body.choices[0].message;
}

/** The answer of a type that calls a tool, with the conversation that goes on behind it. */
async function answered(mode: Mode, type: Type): Promise<readonly object[]> {
  const { body, headers, status } = fixtureOf(type, mode);
  const answer = () => ({ status, headers: Object.fromEntries(headers), body });
  const { end } = await stack.call(mode, type, {}, answer);
  const message: Message | undefined = end.generation?.message;
  const call = message?.parts.find(({ data }) => data.case === "toolCall")?.data;
  if (message === undefined || call?.case !== "toolCall") throw new Error("no call");
  return [user(words("q")), message, toolMessage(toolResult(call.value.id))];
}

/** Fields of an assistant's message that only its vendor reads. */
const OWN_FIELDS = ["reasoning", "reasoning_content", "reasoning_details", "extra_content"];

const TAKES_THOUGHTS: readonly Type[] = [
  "deepseek",
  "fireworks",
  "groq",
  "llamacpp",
  "moonshot",
  "ollama",
  "openrouter",
  "vllm",
];

describe.each(MODES)("%s", (mode) => {
  it.each(CALLERS)("to %s itself", async (type) => {
    const messages = await answered(mode, type);
    const { end, sent } = await stack.call(mode, type, { messages });
    expect(end.warnings).toEqual([]);
    const [, said, result] = sent["messages"] as readonly Wire[];
    const vendor = wireMessage(type);
    const calls = vendor.tool_calls?.map(({ id, function: named, extra_content: extra }) => ({
      id,
      type: "function",
      function: named,
      ...(extra && { extra_content: extra }),
    }));
    expect(said?.tool_calls).toEqual(calls);
    expect(result?.tool_call_id).toBe(calls?.[0]?.id);
    const own = (wire: Wire | undefined): object =>
      Object.fromEntries(OWN_FIELDS.flatMap((name) => (wire?.[name] ? [[name, wire[name]]] : [])));
    expect(own(said)).toEqual(TAKES_THOUGHTS.includes(type) ? own(vendor) : {});
  });

  it.each(CALLERS)("of %s to all others", async (type) => {
    const messages = await answered(mode, type);
    for (const other of CALLERS.filter((each) => each !== type)) {
      const { end, sent } = await stack.call(mode, other, { messages });
      expect(end.generation?.outputText, other).toBe("ok");
      const [, said, result] = sent["messages"] as readonly Wire[];
      const id = said?.tool_calls?.[0]?.id;
      expect(id, other).toBe(result?.tool_call_id);
      if (other === "mistral") expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
      const text = JSON.stringify(sent);
      for (const field of OWN_FIELDS) expect(text, other).not.toContain(`"${field}"`);
    }
    const { end } = await stack.call(mode, "perplexity", { messages });
    expect(end.generation?.outputText).toBe("ok");
  });
});
