import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Spec } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import {
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
} from "../../support/wire-answers.ts";

// What a target cannot take is found before the first attempt: the target is passed over
// with its reason, and the call goes to one that can.

let stack: FieldStack;

const MEDIA = "capabilities: [generate, stream, image-input, file-input, tools]";

beforeAll(async () => {
  stack = await startFieldStack(
    ["chat", "resp", "ant"],
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: resp, type: openai, base_url: "${url("resp")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: ant, type: anthropic, base_url: "${url("ant")}", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat, ${MEDIA}}
  - {id: m-resp, provider: resp, ${MEDIA}}
  - {id: m-ant, provider: ant, ${MEDIA}}
  - {id: plain, provider: chat}
`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

const chatServes: Answer = ({ stream }) =>
  stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });
const antServes: Answer = ({ stream }) =>
  stream === true ? messagesStream("ok") : messagesWhole([{ type: "text", text: "ok" }]);
const says =
  (status: number, error: unknown): Answer =>
  () => ({ status, body: { error } });

const text = (value: string) => ({ data: { case: "text", value: { text: value } } });
const PNG = new Uint8Array([137, 80, 78, 71]);
const media = (type: string, origin: object, more: object) => ({
  data: { case: type, value: { source: { origin, ...more } } },
});
const image = media("image", { case: "inlineData", value: PNG }, { mediaType: "image/png" });
const fileByUrl = media("file", { case: "uri", value: "https://files.test/a.pdf" }, {});
const imageById = media("image", { case: "providerFileId", value: "f1" }, { provider: "openai" });

/** A turn whose tool has answered with these parts. */
function afterTool(...content: readonly object[]) {
  return [
    { role: 2, parts: [text("q")] },
    {
      role: 3,
      parts: [{ data: { case: "toolCall", value: { id: "c1", name: "f", argumentsJson: "{}" } } }],
    },
    { role: 4, parts: [{ data: { case: "toolResult", value: { toolCallId: "c1", content } } }] },
  ];
}

const user = (...parts: readonly object[]) => [{ role: 2, parts }];
const IN_RESULT = afterTool(image);

function spec(model: string, messages: readonly object[], fallbacks: readonly string[] = []): Spec {
  const tools = [
    { kind: { case: "function", value: { name: "f", parametersJsonSchema: '{"type":"object"}' } } },
  ];
  const routing = { fallbacks: fallbacks.map((each) => ({ model: each })) };
  return { model, messages, tools, routing } as unknown as Spec;
}

describe.each(MODES)("%s", (mode) => {
  it.each<[string, readonly object[], string, Answer]>([
    ["an image in a tool result", IN_RESULT, "ant", antServes],
    ["a file by URL", user(text("q"), fileByUrl), "ant", antServes],
  ])("field:A56 %s: the fallback serves it", async (_name, messages, by, answer) => {
    await stack.script({ chat: chatServes, [by]: answer });
    const end = await stack.call(mode, spec("m-chat", messages, [`m-${by}`]));
    expect(end.attempts).toEqual(["chat/m-chat SKIPPED VALIDATION", `${by}/m-${by} SUCCEEDED`]);
    expect(stack.requests("chat")).toBe(0);
  });

  it.each<[string, readonly object[], string, string]>([
    [
      "an image in a tool result",
      IN_RESULT,
      "spec.messages[2].parts[0].content[0]",
      "a part of type image in a tool result",
    ],
    [
      "a file by URL",
      user(text("q"), fileByUrl),
      "spec.messages[0].parts[1]",
      "a part of type file by URL",
    ],
    [
      "an image by its identifier",
      user(imageById),
      "spec.messages[0].parts[0]",
      "a part of type image by file identifier",
    ],
  ])(
    "field:A56 %s: alone it is the caller's, with its field",
    async (_name, messages, field, why) => {
      await stack.script({ chat: chatServes });
      const end = await stack.call(mode, spec("m-chat", messages));
      expect(end.code).toBe(3);
      expect(end.error).toMatchObject({ reason: "UNSUPPORTED_PARAMETER" });
      expect(end.error?.message).toContain(`chat/m-chat does not take ${why}`);
      expect(end.violations).toEqual([field]);
      expect(stack.requests("chat")).toBe(0);
    },
  );

  it.each<[string, number, string]>([
    ["an overload", 529, "PROVIDER_OVERLOADED"],
    ["a failure", 500, "ATTEMPTS_EXHAUSTED"],
  ])(
    "field:A57 the caller reads %s of the target that could take it",
    async (_name, status, reason) => {
      await stack.script({ ant: says(status, { message: "x" }), chat: chatServes });
      const end = await stack.call(mode, spec("m-ant", IN_RESULT, ["m-chat"]));
      expect(end.error).toMatchObject({ reason, retryable: true, code: 14 });
      expect(end.attempts).toContain("chat/m-chat SKIPPED VALIDATION");
      expect(stack.requests("chat")).toBe(0);
    },
  );

  it("field:E20 a model that declares no media takes none: nothing is sent, nothing is ejected", async () => {
    await stack.script({ chat: says(500, { message: "image input is not supported" }) });
    for (const _ of [1, 2, 3]) {
      const end = await stack.call(mode, spec("plain", user(text("q"), image)));
      expect(end.error).toMatchObject({ reason: "UNSUPPORTED_PARAMETER" });
      expect(end.error?.message).toContain("chat/plain does not take images");
    }
    expect(stack.requests("chat")).toBe(0);
    await stack.script({ chat: chatServes });
    const end = await stack.call(mode, spec("plain", user(text("q"))));
    expect(end.attempts).toEqual(["chat/plain SUCCEEDED"]);
  });

  it("field:E20 a model that declares them gets them", async () => {
    await stack.script({ chat: chatServes });
    const end = await stack.call(mode, spec("m-chat", user(text("q"), image)));
    expect(end.attempts).toEqual(["chat/m-chat SUCCEEDED"]);
    expect(stack.bodies("chat")[0]).toContain("image_url");
  });
});
