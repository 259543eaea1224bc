// Parts that are longer than what a gRPC client takes by default: 4 MiB a message.
import { toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CollectedOutput } from "../../clients/typescript/collected-output.ts";
import type { Part } from "../../gen/es/steer/v1/content_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type StreamEvent, StreamEventSchema } from "../../gen/es/steer/v1/stream_pb.js";
import { type Answer, type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { chatStream } from "../support/wire-answers.ts";

const { streamGenerate, resumeStream } = GenerationService.method;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

let stack: FieldStack;
beforeAll(async () => {
  stack = await startFieldStack(
    ["chat", "ant"],
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1"}
  - {id: ant, type: anthropic, base_url: "${url("ant")}"}
models:
  - {id: m, provider: chat, capabilities: [generate, stream, tools]}
  - {id: claude, provider: ant}
`,
  );
});
afterAll(() => stack[Symbol.asyncDispose]());

function json(bytes: number): string {
  return `{"a":"${"x".repeat(bytes - 8)}"}`;
}

/** Arguments of tool calls, each in fragments of so many characters. */
function calls(args: readonly string[], fragment: number): Answer {
  const deltas = args.flatMap((text, index) => {
    const head = {
      index,
      id: `c${index}`,
      type: "function",
      function: { name: "f", arguments: "" },
    };
    const pieces = Array.from({ length: Math.ceil(text.length / fragment) }, (_, position) => ({
      index,
      function: { arguments: text.slice(position * fragment, (position + 1) * fragment) },
    }));
    return [head, ...pieces].map((each) => ({ tool_calls: [each] }));
  });
  const chunk = (delta: object, end: string | null) => ({
    id: "c1",
    choices: [{ index: 0, delta, finish_reason: end }],
  });
  const events = [...deltas.map((delta) => chunk(delta, null)), chunk({}, "tool_calls")];
  const body = events.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("");
  return () => ({ body: `${body}data: [DONE]\n\n` });
}

function thinking(text: string, signature: string): Answer {
  const events = [
    { type: "message_start", message: { id: "m1", usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: text } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature } },
    { type: "content_block_stop", index: 0 },
    { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "ok" } },
    { type: "content_block_stop", index: 1 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ];
  const body = events
    .map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`)
    .join("");
  return () => ({ body });
}

/** What the client's helper puts together. */
function partsOf(events: readonly StreamEvent[]): readonly Part["data"][] {
  const output = new CollectedOutput();
  for (const event of events) output.take(event);
  return output.generation().message?.parts.map(({ data }) => data) ?? [];
}

interface Read {
  readonly events: readonly StreamEvent[];
  /** Text of the deltas by part. */
  readonly texts: ReadonlyMap<number, string>;
  readonly ends: readonly StreamEvent["event"][];
}

/** By a client with its default limits; every message has to fit. */
async function read(stream: AsyncIterable<StreamEvent>): Promise<Read> {
  const events: StreamEvent[] = [];
  const texts = new Map<number, string>();
  for await (const each of stream) {
    events.push(each);
    expect(toBinary(StreamEventSchema, each).length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    const { event } = each;
    const add = (index: number, text: string) => texts.set(index, (texts.get(index) ?? "") + text);
    if (event.case === "textDelta" || event.case === "reasoningDelta") {
      add(event.value.partIndex, event.value.text);
    } else if (event.case === "toolCallDelta") {
      add(event.value.partIndex, event.value.argumentsFragment);
    }
  }
  const ends = events.map(({ event }) => event).filter((event) => event.case === "partEnd");
  return { events, texts, ends };
}

const DURABILITIES = [
  ["a stored stream", false],
  ["an ephemeral stream", true],
] as const;

describe.each(DURABILITIES)("%s", (_, ephemeral) => {
  const open = (model: string) =>
    read(
      stack.grpc.stream(streamGenerate, {
        spec: { model, prompt: "hi" },
        options: { ephemeral },
      }),
    );

  it.each<[string, readonly number[], number, boolean]>([
    ["field:S20 arguments of 5,000,000 bytes in one delta", [5_000_000], 5_000_000, true],
    ["field:S21 the same in fragments of 100,000 bytes", [5_000_000], 100_000, true],
    ["field:S20 the longest that fits with its copies", [2_000_000], 2_000_000, false],
    ["field:S20 just above a message", [4_200_000], 4_200_000, true],
    ["field:S21 seven calls of 850,000 bytes", Array(7).fill(850_000), 50_000, false],
  ])("%s", async (_name, sizes, fragment, isShort) => {
    const args = sizes.map(json);
    await stack.script({ chat: calls(args, fragment) });
    const { events, texts, ends } = await open("m");
    const last = events.at(-1)?.event;
    expect(last?.case).toBe("complete");
    expect([...texts.values()]).toEqual(args);
    expect(ends).toHaveLength(args.length);
    for (const [index, end] of ends.entries()) {
      if (end.case !== "partEnd") continue;
      const { part, remainder } = end.value;
      expect((part === undefined) !== (remainder === undefined)).toBe(true);
      const { data } = part ?? remainder ?? {};
      const argumentsJson = part === undefined ? "" : args[index];
      expect(data).toMatchObject({
        case: "toolCall",
        value: { id: `c${index}`, name: "f", argumentsJson },
      });
      if (sizes.length === 1) expect(part === undefined).toBe(isShort);
    }
    expect(partsOf(events)).toMatchObject(
      args.map((argumentsJson, index) => ({
        case: "toolCall",
        value: { id: `c${index}`, name: "f", argumentsJson },
      })),
    );
    if (last?.case === "complete") {
      expect(last.value.messageOmitted).toBe(last.value.generation?.message === undefined);
    }
  });

  it("field:S20 reasoning of 5,000,000 bytes keeps its signature", async () => {
    const text = "t".repeat(5_000_000);
    await stack.script({ ant: thinking(text, "c2lnbmF0dXJl") });
    const { events, texts, ends } = await open("claude");
    expect(events.at(-1)?.event.case).toBe("complete");
    expect(texts.get(0)).toBe(text);
    const [end] = ends;
    const data = end?.case === "partEnd" ? end.value.remainder?.data : undefined;
    expect(data).toMatchObject({ case: "reasoning", value: { text: "", provider: "anthropic" } });
    expect(partsOf(events)).toMatchObject([
      { case: "reasoning", value: { text, provider: "anthropic" } },
      { case: "text", value: { text: "ok" } },
    ]);
    expect(data?.case === "reasoning" ? data.value.signature.length : 0).toBeGreaterThan(0);
  });

  it("field:S20 a refusal of 5,000,000 bytes is marked", async () => {
    await stack.script({ chat: () => chatStream({ refusal: "n".repeat(5_000_000) }) });
    const { events, ends } = await open("m");
    expect(events.at(-1)?.event.case).toBe("complete");
    const [end] = ends;
    const { remainder } = end?.case === "partEnd" ? end.value : {};
    expect(remainder?.data).toMatchObject({ case: "refusal", value: { text: "" } });
  });
});

it.each([
  ["one delta", 1],
  ["fifty deltas", 50],
])("field:S20 border: a text of 5,000,000 bytes in %s comes in pieces alone", async (_, count) => {
  const content = "x".repeat(5_000_000 / count);
  const chunk = { id: "c1", choices: [{ index: 0, delta: { content }, finish_reason: null }] };
  const end = { id: "c1", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  const all = [...Array.from({ length: count }, () => chunk), end];
  const body = `${all.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("")}data: [DONE]\n\n`;
  await stack.script({ chat: () => ({ body }) });
  const spec = { model: "m", prompt: "hi" };
  const { events, texts, ends } = await read(stack.grpc.stream(streamGenerate, { spec }));
  expect(texts.get(0)).toBe("x".repeat(5_000_000));
  const copies = ends.map(
    (end) => end.case === "partEnd" && (end.value.part ?? end.value.remainder),
  );
  expect(copies).toEqual([undefined]);
  expect(events.at(-1)?.event).toMatchObject({ case: "complete", value: { messageOmitted: true } });
});

it("field:S21 a reader that resumes gets the same events", async () => {
  await stack.script({ chat: calls([json(5_000_000)], 100_000) });
  const spec = { model: "m", prompt: "hi" };
  const first = await read(stack.grpc.stream(streamGenerate, { spec }));
  const start = first.events[0]?.event;
  const streamId = start?.case === "start" ? start.value.streamId : "";
  const again = await read(stack.grpc.stream(resumeStream, { streamId, lastSequence: 1 }));
  expect(again.events).toEqual(first.events.slice(1));
});
