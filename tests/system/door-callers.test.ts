// Who calls at the doors: keys in either header, and responses of others that nobody can tell from unknown ones.
import { createHash } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

let stack: Stack;

beforeAll(async () => {
  const callers = ["alice", "bob"].map(
    (id) => `  - {id: ${id}, role: caller, key_sha256: ${sha256(`key-of-${id}`)}}`,
  );
  stack = await startStack({ config: `callers:\n${callers.join("\n")}\n` });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function openai(apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${stack.service.http}/v1`, apiKey, maxRetries: 0 });
}

function anthropic(keys: { readonly apiKey?: string; readonly authToken?: string }): Anthropic {
  return new Anthropic({ baseURL: stack.service.http, maxRetries: 0, apiKey: null, ...keys });
}

const messages = [{ role: "user" as const, content: "hi" }];
const asked = { model: "m-claude", max_tokens: 20, messages };

it("a caller is known by its key in either header", async () => {
  const text = await anthropic({ apiKey: "key-of-alice" }).messages.create(asked);
  expect(text.content).toHaveLength(1);
  const token = await anthropic({ authToken: "key-of-bob" }).messages.create(asked);
  expect(token.content).toHaveLength(1);
  const response = await fetch(`${stack.service.http}/v1/models`, {
    headers: { "x-api-key": "key-of-bob" },
  });
  expect(response.status).toBe(200);
});

it("a wrong key is refused in the words of each vendor, and nothing goes to a provider", async () => {
  const before = stack.upstream.requests.length;
  const chat = openai("wrong").chat.completions.create({ model: "m-chat", messages });
  await expect(chat).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(chat).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
  const message = anthropic({ apiKey: "wrong" }).messages.create(asked);
  await expect(message).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  const both = await fetch(`${stack.service.http}/v1/models`, {
    headers: { "x-api-key": "key-of-bob", authorization: "Bearer key-of-alice" },
  });
  expect(both.status).toBe(401);
  expect(stack.upstream.requests).toHaveLength(before);
});

it("a response of another caller is none", async () => {
  const own = openai("key-of-alice");
  const { id } = await own.responses.create({ model: "m-chat", input: "hi" });
  expect((await own.responses.retrieve(id)).id).toBe(id);
  const other = openai("key-of-bob").responses;
  const unknown = `resp_${"0".repeat(32)}`;
  for (const call of [
    (each: string) => other.retrieve(each),
    (each: string) => other.retrieve(each, { stream: true }),
    (each: string) => other.cancel(each),
    (each: string) => other.delete(each),
    (each: string) => other.inputItems.list(each),
  ]) {
    const errors = await Promise.all(
      [id, unknown].map((each) => Promise.resolve(call(each)).catch((error: unknown) => error)),
    );
    const told = errors.map((error) => (error as InstanceType<typeof OpenAI.APIError>).error);
    expect(errors).toMatchObject([{ status: 404 }, { status: 404 }]);
    expect(told[0]).toEqual(told[1]);
  }
  expect((await own.responses.retrieve(id)).status).toBe("completed");
});
