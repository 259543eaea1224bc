import type { ChatCompletionCreateParams } from "openai/resources/chat/completions";
import { describe, expect, it } from "vitest";
import type { GenerationSpec, Message } from "../../../../src/domain/generation-spec.ts";
import type { Model } from "../../../../src/domain/model.ts";
import { chatWire } from "../../../../src/providers/openai/request.ts";
import type { ProviderRequest } from "../../../../src/providers/provider.ts";
import { encodeChatBody } from "../../../../src/providers/shared/chat-request.ts";
import { fullMessages, fullSpec, SCHEMA } from "../../../support/full-spec.ts";
import { testModel, testRequest, testSpec } from "../../../support/provider-request.ts";

function request(
  spec: Partial<GenerationSpec> = {},
  rest: Partial<ProviderRequest> = {},
  model: Partial<Model> = {},
): ProviderRequest {
  return testRequest({ spec: testSpec(spec), model: testModel(model), ...rest });
}

function chatBody(given: ProviderRequest, own = true): string {
  return encodeChatBody(given, chatWire(given, own));
}

describe("encodeChatBody", () => {
  it("writes every field of a request", () => {
    const given = request(
      fullSpec,
      { stream: true, effort: "high" },
      { wire: { promptCacheBreakpoints: true } },
    );
    const body = chatBody(given);
    expect(body).toContain(`"parameters":${SCHEMA}`);
    expect(body).toContain(`"schema":${SCHEMA}`);
    const parsed: ChatCompletionCreateParams = JSON.parse(body);
    expect(parsed).toEqual({
      model: "test-model-2026",
      messages: [
        {
          role: "system",
          content: [
            {
              type: "text",
              text: "Be brief.",
              prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" },
            },
          ],
        },
        {
          role: "user",
          name: "ann",
          content: [
            { type: "text", text: "Look:" },
            { type: "image_url", image_url: { url: "data:image/png;base64,cG5n", detail: "low" } },
            { type: "image_url", image_url: { url: "https://x.test/i.png" } },
            {
              type: "file",
              file: { filename: "a.pdf", file_data: "data:application/pdf;base64,cGRm" },
              prompt_cache_breakpoint: { mode: "explicit" },
            },
            { type: "file", file: { file_id: "file_1" } },
          ],
        },
        {
          role: "assistant",
          content: "I call.",
          tool_calls: [
            { id: "call_1", type: "function", function: { name: "f", arguments: '{"x": 1.0}' } },
            { id: "call_2", type: "function", function: { name: "g", arguments: "{" } },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "one" },
        {
          role: "tool",
          tool_call_id: "call_2",
          content: [
            { type: "text", text: "Error:" },
            { type: "text", text: "no such g" },
          ],
        },
        { role: "assistant", content: [{ type: "refusal", refusal: "I will not." }] },
      ],
      tools: [
        {
          type: "function",
          function: {
            name: "f",
            description: "Does f.",
            parameters: JSON.parse(SCHEMA),
            strict: true,
          },
        },
        { type: "function", function: { name: "g" } },
        { type: "web_search" },
      ],
      tool_choice: { type: "function", function: { name: "f" } },
      parallel_tool_calls: false,
      response_format: {
        type: "json_schema",
        json_schema: { name: "place", schema: JSON.parse(SCHEMA), strict: true },
      },
      max_completion_tokens: 100,
      temperature: 0.7,
      top_p: 0.9,
      frequency_penalty: 0.1,
      presence_penalty: -0.1,
      seed: 7,
      stop: ["END"],
      reasoning_effort: "high",
      safety_identifier: "user-1",
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
    });
  });

  it("writes nothing that was not asked for", () => {
    expect(chatBody(request())).toBe(
      '{"model":"test-model-2026","messages":[{"role":"user","content":"Hi"}],"stream":false}',
    );
  });

  it("speaks the older names to compatible servers", () => {
    const spec = { sampling: { maxOutputTokens: 5 }, endUserId: "user-1" };
    expect(JSON.parse(chatBody(request(spec, { stream: true }), false))).toEqual({
      model: "test-model-2026",
      messages: [{ role: "user", content: "Hi" }],
      max_tokens: 5,
      user: "user-1",
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("takes facts of the server from the model's record", () => {
    const wire = { tokenLimitField: "max_completion_tokens", reasoningField: "reasoning_content" };
    const spec = { messages: fullMessages.slice(2, 3), sampling: { maxOutputTokens: 5 } };
    const body = JSON.parse(chatBody(request(spec, {}, { wire }), false));
    expect(body.max_completion_tokens).toBe(5);
    expect(body.messages[0].reasoning_content).toBe("Hm.");
  });

  it("leaves cache marks out where the model has none", () => {
    expect(chatBody(request({ messages: fullMessages.slice(0, 1) }))).toContain(
      '"messages":[{"role":"system","content":"Be brief."}]',
    );
  });

  it("merges provider options, and its own fields win", () => {
    const options = {
      zeta: 1,
      alpha: { b: 1, a: 2 },
      model: "other",
      stream: false,
      stream_options: { include_usage: false, extra: true },
      verbosity: "low",
    };
    const body = JSON.parse(chatBody(request({}, { options, stream: true })));
    expect(body).toMatchObject({
      model: "test-model-2026",
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false, extra: true },
      verbosity: "low",
    });
  });

  it("sends no options of a stream without a stream", () => {
    const options = { stream_options: { include_usage: true } };
    expect(chatBody(request({}, { options }))).toBe(chatBody(request()));
  });

  it("gives equal bytes for equal requests, in whatever order options come", () => {
    const first = { alpha: { a: [{ y: 1, x: 2 }], b: 1 }, zeta: 1 };
    const second = { zeta: 1, alpha: { b: 1, a: [{ x: 2, y: 1 }] } };
    expect(chatBody(request(fullSpec, { options: first }))).toBe(
      chatBody(request(fullSpec, { options: second })),
    );
  });

  it.each([
    [
      "an image by file identifier",
      "spec.messages[0].parts[0]",
      {
        role: "user",
        parts: [
          {
            type: "image",
            source: { type: "provider-file", fileId: "f", provider: "test", mediaType: "" },
          },
        ],
      },
    ],
    [
      "a file by URL",
      "spec.messages[0].parts[0]",
      {
        role: "user",
        parts: [
          {
            type: "file",
            source: { type: "uri", uri: "https://x.test/a.pdf", mediaType: "" },
            filename: "",
          },
        ],
      },
    ],
    [
      "an image in a tool result",
      "spec.messages[0].parts[0].content[0]",
      {
        role: "tool",
        parts: [
          {
            type: "tool-result",
            toolCallId: "c",
            name: "f",
            isError: false,
            content: [
              {
                type: "image",
                source: { type: "uri", uri: "https://x.test/i.png", mediaType: "" },
              },
            ],
          },
        ],
      },
    ],
  ] satisfies [string, string, Message][])("refuses %s by name", (_name, field, message) => {
    expect(() => chatBody(request({ messages: [message] }))).toThrowError(
      expect.objectContaining({
        kind: "validation",
        violations: [expect.objectContaining({ field })],
      }),
    );
  });
});
