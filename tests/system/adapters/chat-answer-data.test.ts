// What answers of Chat Completions say beside the message: probabilities, sources, fields without a word.
import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CollectedOutput } from "../../../clients/typescript/collected-output.ts";
import { MessageSchema } from "../../../gen/es/steer/v1/content_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { type AdapterStack, either, startAdapterStack } from "../../support/adapter-stack.ts";
import { chatDeltas, chatWhole, jsonText } from "../../support/wire-answers.ts";

const { streamGenerate } = GenerationService.method;

let stack: AdapterStack;
beforeAll(async () => {
  stack = await startAdapterStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

const MODES = ["unary", "stream"] as const;

/** A chunk with what a server adds to the choice and to the whole. */
function chunks(...all: readonly object[]): string {
  const lines = all.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  return `${lines.join("")}data: [DONE]\n\n`;
}

describe.each(MODES)("%s", (mode) => {
  it("field:A36 timings and probabilities of tokens are told, asked for by whatever means", async () => {
    const timings = { prompt_n: 10, predicted_per_second: 51.5, big: "BIG" };
    const token = (text: string, logprob: number) => ({
      token: text,
      logprob,
      bytes: [...Buffer.from(text)],
      top_logprobs: [{ token: "X", logprob: -3, bytes: [0x58] }],
    });
    const content = [token("4", -0.5), token("2", -0.25)];
    const head = { id: "c1", model: "m", object: "x", created: 1 };
    const whole = {
      ...head,
      choices: [
        { index: 0, message: { content: "42" }, finish_reason: "stop", logprobs: { content } },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      timings,
    };
    const exact = (text: string) => text.replace('"BIG"', "9007199254740993");
    const pieces = content.map((each) => ({
      ...head,
      choices: [
        {
          index: 0,
          delta: { content: each.token },
          finish_reason: null,
          logprobs: { content: [each] },
        },
      ],
    }));
    const end = { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }], timings };
    const answer = either(jsonText(exact(JSON.stringify(whole))), {
      body: exact(chunks(...pieces, end)),
    });
    for (const spec of [
      { sampling: { logprobs: true, topLogprobs: 1 } },
      { providerOptions: { chat: { logprobs: true, top_logprobs: 1 } } },
    ]) {
      const { generation, warnings } = await stack.call(mode, "chat", answer, spec);
      expect(stack.sent("chat")).toMatchObject({ logprobs: true, top_logprobs: 1 });
      expect(generation?.providerMetadata).toEqual({
        chat: { timings: { ...timings, big: "9007199254740993" } },
      });
      expect(generation?.message?.parts[0]?.data).toMatchObject({
        case: "text",
        value: {
          text: "42",
          logprobs: [
            { token: "4", logprob: -0.5, top: [{ token: "X", logprob: -3 }] },
            { token: "2", logprob: -0.25, top: [{ token: "X", logprob: -3 }] },
          ],
        },
      });
      expect(warnings).toEqual([]);
    }
  });

  it("sources of a text are annotations, in a stream too where they come behind it", async () => {
    const annotation = {
      type: "url_citation",
      url_citation: { url: "https://example.com", title: "T", start_index: 0, end_index: 3 },
    };
    const { generation } = await stack.call(
      mode,
      "chat",
      either(
        chatWhole({ content: "See it", annotations: [annotation] }),
        chatDeltas([{ content: "See " }, { content: "it" }, { annotations: [annotation] }]),
      ),
    );
    expect(generation?.message?.parts).toMatchObject([
      {
        data: {
          case: "text",
          value: {
            text: "See it",
            annotations: [
              {
                uri: "https://example.com",
                title: "T",
                start: 0,
                end: 3,
                providerData: { providerType: "openai", json: JSON.stringify(annotation) },
              },
            ],
          },
        },
      },
    ]);
  });

  it("fields of a message and of a choice without a word are metadata", async () => {
    const { generation } = await stack.call(
      mode,
      "chat",
      mode === "unary"
        ? () => ({
            body: {
              id: "c1",
              system_fingerprint: "fp",
              choices: [
                {
                  index: 0,
                  message: { content: "a", note: "one two" },
                  native_finish_reason: "end",
                  finish_reason: "stop",
                },
              ],
            },
          })
        : () => ({
            body: chunks(
              {
                id: "c1",
                system_fingerprint: "fp",
                choices: [{ delta: { content: "a", note: "one " } }],
              },
              { id: "c1", system_fingerprint: "fp", choices: [{ delta: { note: "two" } }] },
              {
                id: "c1",
                choices: [{ delta: {}, finish_reason: "stop", native_finish_reason: "end" }],
              },
            ),
          }),
    );
    expect(generation?.providerMetadata).toEqual({
      chat: {
        system_fingerprint: "fp",
        message: { note: "one two" },
        choice: { native_finish_reason: "end" },
      },
    });
  });
});

it("a helper puts data, sources and probabilities of a stream together without its last message", async () => {
  const details = [{ type: "reasoning.encrypted", data: "gAAA", index: 0 }];
  const logprobs = { content: [{ token: "42", logprob: -0.5, top_logprobs: [] }] };
  const annotation = { type: "url_citation", url_citation: { url: "https://example.com" } };
  const body = chunks(
    { id: "c1", choices: [{ delta: { content: "42", reasoning_details: details }, logprobs }] },
    { id: "c1", choices: [{ delta: { annotations: [annotation] }, finish_reason: "stop" }] },
  );
  await stack.field.script({ chat: () => ({ body }) });
  const spec = { model: "m-chat", prompt: "hi" };
  const read = async (omitFinalMessage: boolean) => {
    const output = new CollectedOutput();
    const options = { omitFinalMessage };
    for await (const event of stack.field.grpc.stream(streamGenerate, { spec, options })) {
      output.take(event);
    }
    return output.generation().message ?? create(MessageSchema);
  };
  const [whole, collected] = [await read(false), await read(true)];
  expect(whole.providerData?.json).toBe(JSON.stringify({ reasoning_details: details }));
  expect(toJson(MessageSchema, collected)).toEqual(toJson(MessageSchema, whole));
  expect(fromJson(MessageSchema, toJson(MessageSchema, whole))).toEqual(whole);
});

it("data that is longer than the contract's bound is left out with a warning", async () => {
  const audio = { id: "a1", data: "A".repeat(1_100_000), transcript: "Hello" };
  const { generation, warnings } = await stack.call("unary", "chat", () =>
    chatWhole({ content: null, audio }),
  );
  expect(generation?.outputText).toBe("Hello");
  expect(generation?.message?.parts).toHaveLength(1);
  expect(generation?.message?.providerData?.json).toBe('{"audio":{"id":"a1"}}');
  expect(warnings).toEqual(["PROVIDER_DATA_OMITTED"]);
});
