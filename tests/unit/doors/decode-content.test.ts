import { expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { decodeRequest as decodeMessages } from "../../../src/doors/anthropic-messages/decode-request.ts";
import { decodeRequest as decodeChat } from "../../../src/doors/openai-chat/decode-request.ts";
import { decodeRequest as decodeResponses } from "../../../src/doors/openai-responses/decode-request.ts";

const none = (): undefined => undefined;

const DECODED = {
  chat: (content: readonly JsonObject[]) =>
    decodeChat({ model: "m", messages: [{ role: "user", content: [...content] }] }, none),
  responses: (content: readonly JsonObject[]) =>
    decodeResponses({ model: "m", input: [{ role: "user", content: [...content] }] }, none, true),
  messages: (content: readonly JsonObject[]) => {
    const messages = [{ role: "user", content: [...content] }];
    return decodeMessages({ model: "m", max_tokens: 1, messages }, none);
  },
};

it.each([
  ["chat", "text"],
  ["responses", "input_text"],
  ["messages", "text"],
] as const)("an empty text, or one without its text, is no part: %s", (dialect, type) => {
  const { spec } = DECODED[dialect]([{ type, text: "" }, { type }, { type, text: "hi" }]);
  expect(JSON.stringify(spec.messages)).toContain("hi");
  expect(spec.messages.map(({ parts }) => parts.length)).toEqual([1]);
});
