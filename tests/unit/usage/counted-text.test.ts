import { describe, expect, it } from "vitest";
import type { GenerationSpec, Part, Tool } from "../../../src/domain/generation-spec.ts";
import {
  answerText,
  hasMedia,
  requestText,
  requestUnits,
} from "../../../src/usage/counted-text.ts";
import { testSpec } from "../../support/provider-request.ts";

const TEXT: Part = { type: "text", text: "Hi" };
const IMAGE: Part = { type: "image", source: { type: "uri", uri: "https://x/y", mediaType: "" } };
const FILE: Part = { ...IMAGE, type: "file", filename: "f" };
const PROVIDER: Part = { type: "provider", providerType: "p", json: '{"found":1}', api: "" };
const result = (...content: Part[]): Part => ({
  type: "tool-result",
  toolCallId: "c",
  name: "f",
  content,
  isError: false,
});
const FUNCTION: Tool = {
  type: "function",
  name: "f",
  description: "d",
  parametersJsonSchema: "{}",
};
const HOSTED: Tool = { type: "provider", provider: "p", config: { type: "search" } };

/** A part, its text, whether it is more than text, and whether it is an image or a file. */
const PARTS: readonly (readonly [Part, string, boolean, boolean])[] = [
  [TEXT, "Hi", false, false],
  [{ type: "refusal", text: "No" }, "No", true, false],
  [
    {
      type: "reasoning",
      text: "Because",
      signature: new Uint8Array(3),
      redacted: false,
      provider: "p",
    },
    "Because",
    true,
    false,
  ],
  [{ type: "tool-call", id: "c", name: "f", argumentsJson: "{}" }, "f{}", true, false],
  [result(TEXT, { type: "text", text: "ho" }), "Hiho", true, false],
  [PROVIDER, '{"found":1}', true, false],
  [IMAGE, "", true, true],
  [FILE, "", true, true],
  [result(TEXT, FILE), "Hi", true, true],
  [result(result(IMAGE)), "", true, true],
];

const asked = (...parts: Part[]): GenerationSpec =>
  testSpec({ messages: [{ role: "user", parts }] });

describe("what is counted of a request", () => {
  it.each(PARTS)("%j is %j", (part, text, isPartial, isMedia) => {
    expect(requestText(asked(part))).toEqual({
      text: `user: ${text}`,
      overhead: 4,
      isPartial,
      hasMedia: isMedia,
    });
    expect(requestUnits(asked(part))).toBe(text.length);
    expect(hasMedia(asked(part))).toBe(isMedia);
  });

  it("is each message on a line with its role, and four tokens beside for each", () => {
    const messages = [
      { role: "system", parts: [{ type: "text", text: "Be kind" }] },
      { role: "user", parts: [TEXT, TEXT] },
      { role: "assistant", parts: [] },
    ] as const;
    expect(requestText(testSpec({ messages }))).toEqual({
      text: "system: Be kind\nuser: HiHi\nassistant: ",
      overhead: 12,
      isPartial: false,
      hasMedia: false,
    });
    expect(requestUnits(testSpec({ messages }))).toBe(11);
    expect(requestUnits(testSpec({ messages: [] }))).toBe(0);
  });

  it("is an image of one message among many", () => {
    const messages = [
      { role: "user", parts: [TEXT, IMAGE] },
      { role: "user", parts: [TEXT] },
    ] as const;
    expect(requestText(testSpec({ messages }))).toMatchObject({ isPartial: true, hasMedia: true });
  });

  it("has the tools and the schema of the output behind, because they are sent", () => {
    const schema = {
      type: "json-schema",
      schema: '{"a":1}',
      name: "n",
      description: "",
    } as const;
    expect(requestText(testSpec({ tools: [FUNCTION] }))).toMatchObject({
      text: "user: Hi\nfd{}",
      isPartial: true,
    });
    const spec = testSpec({ tools: [FUNCTION, HOSTED], outputFormat: schema });
    expect(requestText(spec)).toEqual({
      text: 'user: Hi\nfd{}\n{"type":"search"}\n{"a":1}',
      overhead: 4,
      isPartial: true,
      hasMedia: false,
    });
    expect(requestText(testSpec({ outputFormat: schema }))).toMatchObject({ isPartial: true });
    expect(requestUnits(testSpec({ tools: [FUNCTION, HOSTED, FUNCTION] }))).toBe(2 + 4 + 17 + 4);
  });
});

describe("what is counted of an answer", () => {
  it.each(PARTS)("%j is %j", (part, text, isPartial, isMedia) => {
    expect(answerText({ role: "assistant", parts: [part] })).toEqual({
      // What a tool of the provider has found was not generated.
      text: part === PROVIDER ? "" : text,
      overhead: 0,
      isPartial,
      hasMedia: isMedia,
      isAnswer: true,
    });
  });

  it("is the text of all parts, and partial where one of them is", () => {
    expect(answerText({ role: "assistant", parts: [TEXT, PROVIDER, TEXT] })).toMatchObject({
      text: "HiHi",
      isPartial: true,
      hasMedia: false,
    });
    expect(answerText({ role: "assistant", parts: [TEXT, IMAGE] }).hasMedia).toBe(true);
  });
});
