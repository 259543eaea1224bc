import type { ResponseCreateParams } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import type { GenerationSpec, Message } from "../../../../src/domain/generation-spec.ts";
import type { Model } from "../../../../src/domain/model.ts";
import type { ProviderRequest } from "../../../../src/providers/provider.ts";
import { encodeResponsesBody } from "../../../../src/providers/shared/responses-request.ts";
import { bytes, fullSpec, SCHEMA } from "../../../support/full-spec.ts";
import { testModel, testRequest, testSpec } from "../../../support/provider-request.ts";

function request(
  spec: Partial<GenerationSpec> = {},
  rest: Partial<ProviderRequest> = {},
  model: Partial<Model> = {},
): ProviderRequest {
  return testRequest({ spec: testSpec(spec), model: testModel(model), ...rest });
}

describe("encodeResponsesBody", () => {
  const reasons: Partial<Model> = { capabilities: new Set(["generate", "reasoning"]) };

  it("writes every field of a request", () => {
    const given = request(
      fullSpec,
      { stream: true, effort: "high" },
      { ...reasons, wire: { promptCacheBreakpoints: true } },
    );
    const body = encodeResponsesBody(given);
    expect(body).toContain(`"parameters":${SCHEMA}`);
    expect(body).toContain(`"schema":${SCHEMA}`);
    const parsed: ResponseCreateParams = JSON.parse(body);
    expect(parsed).toEqual({
      model: "test-model-2026",
      input: [
        {
          type: "message",
          role: "system",
          content: [
            {
              type: "input_text",
              text: "Be brief.",
              prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" },
            },
          ],
        },
        {
          type: "message",
          role: "user",
          content: [
            { type: "input_text", text: "Look:" },
            { type: "input_image", image_url: "data:image/png;base64,cG5n", detail: "low" },
            { type: "input_image", image_url: "https://x.test/i.png", detail: "auto" },
            {
              type: "input_file",
              filename: "a.pdf",
              file_data: "data:application/pdf;base64,cGRm",
              prompt_cache_breakpoint: { mode: "explicit" },
            },
            { type: "input_file", file_id: "file_1" },
          ],
        },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" },
        {
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text: "I call.", annotations: [] }],
        },
        { type: "function_call", call_id: "call_1", name: "f", arguments: '{"x": 1.0}' },
        { type: "function_call", call_id: "call_2", name: "g", arguments: "{" },
        { type: "function_call_output", call_id: "call_1", output: "one" },
        {
          type: "function_call_output",
          call_id: "call_2",
          output: [
            { type: "input_text", text: "Error:" },
            { type: "input_text", text: "no such g" },
          ],
        },
        {
          type: "message",
          role: "assistant",
          content: [{ type: "refusal", refusal: "I will not." }],
        },
      ],
      tools: [
        {
          type: "function",
          name: "f",
          description: "Does f.",
          parameters: JSON.parse(SCHEMA),
          strict: true,
        },
        { type: "function", name: "g", parameters: null, strict: false },
        { type: "web_search" },
      ],
      tool_choice: { type: "function", name: "f" },
      parallel_tool_calls: false,
      max_output_tokens: 100,
      temperature: 0.7,
      top_p: 0.9,
      safety_identifier: "user-1",
      store: false,
      include: ["reasoning.encrypted_content"],
      stream: true,
      text: {
        format: {
          type: "json_schema",
          name: "place",
          schema: JSON.parse(SCHEMA),
          strict: true,
        },
      },
      reasoning: { effort: "high", summary: "auto" },
      stream_options: { include_obfuscation: false },
    });
  });

  it("writes nothing that was not asked for, and stores nothing", () => {
    expect(encodeResponsesBody(request())).toBe(
      '{"model":"test-model-2026","input":[{"type":"message","role":"user",' +
        '"content":[{"type":"input_text","text":"Hi"}]}],"store":false,"stream":false}',
    );
  });

  it("merges provider options into its own groups", () => {
    const options = {
      text: { verbosity: "low", format: { type: "text" } },
      include: ["web_search_call.results"],
      store: true,
    };
    const spec: Partial<GenerationSpec> = { outputFormat: { type: "json-object" } };
    expect(JSON.parse(encodeResponsesBody(request(spec, { options }, reasons)))).toMatchObject({
      text: { verbosity: "low", format: { type: "json_object" } },
      include: ["reasoning.encrypted_content", "web_search_call.results"],
      store: false,
    });
  });

  it("hashes an end user that is longer than the field", () => {
    const body = JSON.parse(encodeResponsesBody(request({ endUserId: "u".repeat(129) })));
    expect(body.safety_identifier).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ["foreign bytes", bytes("not JSON")],
    ["another provider's JSON", bytes('{"signature":"x"}')],
  ])("refuses a signature of %s", (_name, signature) => {
    const message: Message = {
      role: "assistant",
      parts: [{ type: "reasoning", text: "", signature, redacted: true, provider: "test" }],
    };
    expect(() => encodeResponsesBody(request({ messages: [message] }))).toThrowError(
      expect.objectContaining({
        kind: "validation",
        message: "spec.messages[0].parts[0].reasoning.signature: not a signature of this provider",
      }),
    );
  });
});
