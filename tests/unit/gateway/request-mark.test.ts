import { describe, expect, it } from "vitest";
import type { GenerationSpec, Message, Part } from "../../../src/domain/generation-spec.ts";
import { requestMark } from "../../../src/gateway/request-mark.ts";
import { testSpec } from "../../support/provider-request.ts";

const marked = (spec: Partial<GenerationSpec>, caller = "a"): string =>
  requestMark(caller, testSpec(spec));
const ofParts = (...parts: Part[]): string =>
  marked({ messages: [{ role: "user", parts } as Message] });
const text = (value: string): Part => ({ type: "text", text: value });
const image = (mediaType: string): Part => ({
  type: "image",
  source: { type: "inline", data: new Uint8Array([1]), mediaType },
});
const signature = new Uint8Array();
const reasoning = (value: string): Part => ({
  type: "reasoning",
  text: value,
  signature,
  redacted: false,
  provider: "",
});
const call = (name: string, argumentsJson: string): Part => ({
  type: "tool-call",
  id: "c",
  name,
  argumentsJson,
});
const result = (...content: Part[]): Part => ({
  type: "tool-result",
  toolCallId: "c",
  name: "f",
  content,
  isError: false,
});
const own = (providerType: string, json: string): Part => ({
  type: "provider",
  providerType,
  json,
  api: "",
});

describe("the mark of a request", () => {
  it("is the same for the same request of the same caller, and holds nothing of it", () => {
    const secret = { messages: [{ role: "user", parts: [text("secret")] }] } as const;
    expect(marked(secret)).toBe(marked(structuredClone(secret)));
    expect(marked(secret)).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(marked(secret), "base64url").toString("latin1")).not.toContain("secret");
  });

  it("is another for another caller, model, number of tools, role or order", () => {
    const tool = {
      type: "function",
      name: "f",
      description: "",
      parametersJsonSchema: "",
    } as const;
    const marks = [
      marked({}),
      marked({}, "b"),
      marked({ model: "other" }),
      marked({ tools: [tool] }),
      marked({ messages: [{ role: "system", parts: [text("Hi")] }] }),
      ofParts(text("Hi"), text("Ho")),
      ofParts(text("Ho"), text("Hi")),
      marked({ messages: [] }),
    ];
    expect(new Set(marks).size).toBe(marks.length);
  });

  it.each<[string, Part, Part]>([
    ["text", text("a"), text("b")],
    ["refusal", { type: "refusal", text: "a" }, { type: "refusal", text: "b" }],
    ["reasoning", reasoning("a"), reasoning("b")],
    ["the kind of a text", text("a"), { type: "refusal", text: "a" }],
    ["a text's length", text("x".repeat(300)), text("x".repeat(301))],
    ["a text's end", text(`${"x".repeat(300)}a`), text(`${"x".repeat(300)}b`)],
    ["a call's function", call("f", "{}"), call("g", "{}")],
    ["the length of a call's arguments", call("f", "{}"), call("f", "{ }")],
    ["a result's content", result(text("a")), result(text("b"))],
    ["the number of a result's parts", result(text("a")), result(text("a"), text("a"))],
    ["a provider", own("openai", "{}"), own("anthropic", "{}")],
    ["the length of a provider's part", own("openai", "{}"), own("openai", "{ }")],
    ["a media type", image("image/png"), image("image/jpeg")],
    [
      "an image and a file",
      image("image/png"),
      {
        type: "file",
        filename: "",
        source: { type: "inline", data: new Uint8Array([1]), mediaType: "image/png" },
      },
    ],
    [
      "where an image is",
      image("image/png"),
      { type: "image", source: { type: "uri", uri: "x", mediaType: "image/png" } },
    ],
  ])("tells requests apart by %s", (_name, one, other) => {
    expect(ofParts(one)).not.toBe(ofParts(other));
    expect(ofParts(one)).toBe(ofParts(structuredClone(one)));
  });

  it("looks at the end of a long text alone: it must cost little", () => {
    const end = "e".repeat(256);
    expect(ofParts(text(`a${end}`))).toBe(ofParts(text(`b${end}`)));
    expect(ofParts(text(`a${end.slice(1)}`))).not.toBe(ofParts(text(`b${end.slice(1)}`)));
  });
});
