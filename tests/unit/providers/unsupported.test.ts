import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { MediaSource, Message, Part } from "../../../src/domain/generation-spec.ts";
import { encodeMessagesBody } from "../../../src/providers/anthropic/request.ts";
import type { ProviderRequest, ProviderType } from "../../../src/providers/provider.ts";
import * as registry from "../../../src/providers/registry.ts";
import { encodeChatBody } from "../../../src/providers/shared/chat-request.ts";
import { encodeReasoning } from "../../../src/providers/shared/reasoning-signature.ts";
import { encodeResponsesBody } from "../../../src/providers/shared/responses-request.ts";
import { chatWire } from "../../../src/providers/xai/request.ts";
import { testModel, testRequest, testSpec } from "../../support/provider-request.ts";

const encodeChat = (request: ProviderRequest): string => encodeChatBody(request, chatWire(request));

const DIALECTS: readonly [string, ProviderType, string, (request: ProviderRequest) => string][] = [
  ["openai chat", registry.openai, "chat", encodeChat],
  ["openai responses", registry.openai, "responses", encodeResponsesBody],
  ["xai", registry.xai, "chat", encodeChat],
  ["anthropic", registry.anthropic, "messages", encodeMessagesBody],
];

const source: fc.Arbitrary<MediaSource> = fc.constantFrom<MediaSource>(
  { type: "inline", data: new Uint8Array([1]), mediaType: "image/png" },
  { type: "uri", uri: "https://files.test/a", mediaType: "image/png" },
  { type: "provider-file", fileId: "f1", provider: "test", mediaType: "image/png" },
);
const signature = fc.constantFrom(
  new Uint8Array(),
  encodeReasoning({ id: "rs_1", encrypted_content: "secret" }),
  new TextEncoder().encode("{}"),
  new TextEncoder().encode("of somebody else"),
);
const leaf: fc.Arbitrary<Part> = fc.oneof(
  fc.constant<Part>({ type: "text", text: "a" }),
  fc.constant<Part>({ type: "refusal", text: "no" }),
  fc.constant<Part>({ type: "tool-call", id: "c1", name: "f", argumentsJson: "{}" }),
  source.map((each): Part => ({ type: "image", source: each })),
  source.map((each): Part => ({ type: "file", source: each, filename: "" })),
  signature.map(
    (each): Part => ({
      type: "reasoning",
      text: "hm",
      signature: each,
      redacted: false,
      provider: "test",
    }),
  ),
);
const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  {
    weight: 1,
    arbitrary: fc.array(leaf, { maxLength: 2 }).map(
      (content): Part => ({
        type: "tool-result",
        toolCallId: "c1",
        name: "f",
        content,
        isError: false,
      }),
    ),
  },
);
const message: fc.Arbitrary<Message> = fc.record({
  role: fc.constantFrom("system", "user", "assistant", "tool"),
  parts: fc.array(part, { minLength: 1, maxLength: 3 }),
});

/** The field that an encoder refuses. */
function refused(encode: (request: ProviderRequest) => string, request: ProviderRequest): string[] {
  try {
    encode(request);
    return [];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.violations.map(({ field }) => field);
  }
}

describe.each(DIALECTS)("field:A56 %s", (_name, type, dialect, encode) => {
  it("finds before it is encoded whatever the encoder would refuse, and nothing else", () => {
    const model = testModel({ dialect, provider: "test" });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), (messages) => {
        const spec = testSpec({ messages });
        const found = type.unsupported(spec, model, {});
        const fields = refused(encode, testRequest({ spec, model }));
        expect(found === undefined).toBe(fields.length === 0);
        if (messages.length === 1 && found !== undefined) expect(found.description).not.toBe("");
      }),
      { numRuns: 400 },
    );
  });

  it("names the field of a part that stands alone as the encoder does", () => {
    const model = testModel({ dialect, provider: "test" });
    fc.assert(
      fc.property(message, part, (outer, inner) => {
        const spec = testSpec({ messages: [{ ...outer, parts: [inner] }] });
        const found = type.unsupported(spec, model, {});
        const fields = refused(encode, testRequest({ spec, model }));
        expect(found === undefined ? [] : [found.field]).toEqual(fields);
      }),
    );
  });
});

describe("field:A56 the simulator", () => {
  const schema = (text: string) =>
    testSpec({ outputFormat: { type: "json-schema", name: "n", description: "", schema: text } });
  const unsupported = (text: string, options = {}) =>
    registry.simulator.unsupported(schema(text), testModel(), options);

  it("finds a schema that it has no answer to", () => {
    expect(unsupported('{"type":"object"}')).toBeUndefined();
    expect(unsupported('{"type":"string","minLength":70000}')).toEqual({
      field: "spec.output_format.json_schema.schema",
      description: expect.stringContaining("a JSON Schema that it cannot answer by"),
    });
    // A scripted text is given, whatever the schema.
    expect(unsupported('{"type":"string","minLength":70000}', { text: "a" })).toBeUndefined();
  });

  it("finds the same in a tool that it has to call", () => {
    const parametersJsonSchema = '{"properties":{"a":false},"required":["a"]}';
    const tool = { type: "function", name: "f", description: "", parametersJsonSchema } as const;
    const spec = testSpec({ tools: [tool], toolChoice: { mode: "required" } });
    expect(registry.simulator.unsupported(spec, testModel(), {})?.field).toBe(
      "spec.tools[0].function.parameters_json_schema",
    );
  });
});
