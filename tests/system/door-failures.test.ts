// Failures of providers as the vendors' own clients see them at each door: their error classes, and never a clean end.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";
import type { UpstreamFault } from "../support/upstream/script.ts";

let stack: Stack;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  stack = await startStack();
  const { http } = stack.service;
  openai = new OpenAI({ baseURL: `${http}/v1`, apiKey: "unused", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: http, apiKey: "unused", maxRetries: 0 });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

/** Wishes by which every attempt fails in the same way, without a wait between attempts. */
function wishes(model: string, fault: Partial<UpstreamFault>) {
  // The provider counts the attempts of a script: each call has one of its own.
  const headers = { "x-test": String(scripts++) };
  const faults = [1, 2, 3, 4].map((attempt) => ({ attempt, headers, ...fault }));
  return {
    retry: { maxAttempts: 1 },
    providerOptions: { [model.slice(2)]: { simulator: { tokens: 12, faults } } },
  };
}

let scripts = 0;
const content = "say it";

/** The text of an answer, whole or streamed, by the vendor's own client. */
const HELD_BACK = { headers: { "x-steer-commit": "complete" } };

type Options = Partial<typeof HELD_BACK>;

const CLIENTS = {
  async Chat(
    model: string,
    steer: object,
    isStream: boolean,
    options: Options = {},
  ): Promise<string> {
    const asked = { model, messages: [{ role: "user" as const, content }], steer };
    if (!isStream)
      return (await openai.chat.completions.create(asked)).choices[0]?.message.content ?? "";
    return (await openai.chat.completions.stream(asked, options).finalContent()) ?? "";
  },
  async Responses(
    model: string,
    steer: object,
    isStream: boolean,
    options: Options = {},
  ): Promise<string> {
    const asked = { model, input: content, steer };
    if (!isStream) return (await openai.responses.create(asked, options)).output_text;
    let text = "";
    for await (const event of await openai.responses.create({ ...asked, stream: true }, options)) {
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    return text;
  },
  async Messages(
    model: string,
    steer: object,
    isStream: boolean,
    options: Options = {},
  ): Promise<string> {
    const asked = {
      model,
      max_tokens: 50,
      messages: [{ role: "user" as const, content }],
      steer,
    };
    if (isStream) return anthropic.messages.stream(asked, options).finalText();
    const [block] = (await anthropic.messages.create(asked)).content;
    return block?.type === "text" ? block.text : "";
  },
};

const isApiError = (error: unknown): boolean =>
  error instanceof OpenAI.APIError || error instanceof Anthropic.APIError;

/** Before any content: the status that each vendor's client knows the failure by. */
const BEFORE = [
  ["a rate limit", { status: 429 }, 429, 429],
  ["a failure of the server", { status: 500 }, 503, 503],
  ["an overload", { status: 529 }, 503, 529],
  ["a refused key", { status: 401 }, 400, 400],
  ["a connection that breaks at once", { cut_after_bytes: 0 }, 503, 503],
] as const;

/** Behind some content. */
const AFTER = [
  ["a connection that breaks", { cut_after_bytes: 900 }],
  ["an answer without its end", { omit_terminator: true }],
  ["an error in the stream", { error_at: 5 }],
  ["an event that is no JSON", { malformed_at: 5 }],
] as const;

describe.each(Object.entries(CLIENTS))("a client of %s", (name, ask) => {
  const model = name === "Messages" ? "m-claude" : "m-chat";

  it.each(BEFORE)(
    "has an error with a status for %s",
    async (_what, fault, ofOpenAi, ofAnthropic) => {
      for (const isStream of [false, true]) {
        const error = await ask(model, wishes(model, fault), isStream).catch(
          (thrown: unknown) => thrown,
        );
        expect(isApiError(error)).toBe(true);
        expect(error).toMatchObject({ status: name === "Messages" ? ofAnthropic : ofOpenAi });
      }
    },
  );

  it.each(AFTER)("has no clean end after %s", async (_what, fault) => {
    const error = await ask(model, wishes(model, fault), true).catch((thrown: unknown) => thrown);
    expect([typeof error, isApiError(error)]).toEqual(["object", true]);
  });

  it("has the whole answer of a second attempt if it is held back", async () => {
    const fault = {
      faults: [{ attempt: 1, headers: { "x-test": `held ${name}` }, error_at: 5 }],
    };
    const steer = {
      providerOptions: { [model.slice(2)]: { simulator: { tokens: 12, ...fault } } },
    };
    const texts = await Promise.all([ask(model, steer, true, HELD_BACK)]);
    expect(texts).toEqual([Array.from({ length: 12 }, (_, index) => `word${index} `).join("")]);
  });

  it("has the answer of a fallback, and is told nothing of the failure", async () => {
    const routing = { fallbacks: [{ model: "m-responses" }] };
    const text = await ask(model, { ...wishes(model, { status: 500 }), routing }, true);
    expect(text).toContain("far shore");
  });
});
