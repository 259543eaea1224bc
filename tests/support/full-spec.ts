import type { GenerationSpec, Message } from "../../src/domain/generation-spec.ts";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** A reasoning signature in the format of the Responses dialect. */
const SIGNATURE = bytes('{"id":"rs_1","summary":[],"encrypted_content":"gAAA"}');

/** Keys that look like integers, and a number beyond 2^53: parsing would change both. */
export const SCHEMA =
  '{"type":"object","properties":{"b":{"maximum":9007199254740993},"1":{}},"x":1.0}';

/** A conversation with every part that both OpenAI dialects support. */
export const fullMessages: Message[] = [
  { role: "system", parts: [{ type: "text", text: "Be brief.", cacheHint: { ttl: "30m" } }] },
  {
    role: "user",
    name: "ann",
    parts: [
      { type: "text", text: "Look:" },
      {
        type: "image",
        source: { type: "inline", data: bytes("png"), mediaType: "image/png" },
        detail: "low",
      },
      { type: "image", source: { type: "uri", uri: "https://x.test/i.png", mediaType: "" } },
      {
        type: "file",
        source: { type: "inline", data: bytes("pdf"), mediaType: "application/pdf" },
        filename: "a.pdf",
        cacheHint: { ttl: "" },
      },
      {
        type: "file",
        source: { type: "provider-file", fileId: "file_1", provider: "test", mediaType: "" },
        filename: "",
      },
    ],
  },
  {
    role: "assistant",
    parts: [
      {
        type: "reasoning",
        text: "Hm.",
        signature: SIGNATURE,
        redacted: false,
        provider: "test",
      },
      { type: "text", text: "I call." },
      { type: "tool-call", id: "call_1", name: "f", argumentsJson: '{"x": 1.0}' },
      { type: "tool-call", id: "call_2", name: "g", argumentsJson: "{" },
    ],
  },
  {
    role: "tool",
    parts: [
      {
        type: "tool-result",
        toolCallId: "call_1",
        name: "f",
        content: [{ type: "text", text: "one" }],
        isError: false,
      },
      {
        type: "tool-result",
        toolCallId: "call_2",
        name: "g",
        content: [{ type: "text", text: "no such g" }],
        isError: true,
      },
    ],
  },
  { role: "assistant", parts: [{ type: "refusal", text: "I will not." }] },
];

/** A spec with every field of the wire. */
export const fullSpec: Partial<GenerationSpec> = {
  messages: fullMessages,
  tools: [
    {
      type: "function",
      name: "f",
      description: "Does f.",
      parametersJsonSchema: SCHEMA,
      strict: true,
    },
    { type: "function", name: "g", description: "", parametersJsonSchema: "" },
    { type: "provider", provider: "test", config: { type: "web_search" } },
  ],
  toolChoice: { mode: { functionName: "f" }, parallel: false },
  sampling: {
    maxOutputTokens: 100,
    temperature: 0.7,
    topP: 0.9,
    frequencyPenalty: 0.1,
    presencePenalty: -0.1,
    seed: 7,
    stopSequences: ["END"],
  },
  reasoning: { effort: "high", includeText: true },
  outputFormat: {
    type: "json-schema",
    name: "place",
    schema: SCHEMA,
    description: "",
    strict: true,
  },
  endUserId: "user-1",
};
