// Every number of the contract has an owner that bounds it; numbers of providers are drawn at random.
import {
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GenerationSchema } from "../../gen/service/steer/v1/generation_pb.ts";
import { StreamEventSchema } from "../../gen/service/steer/v1/stream_pb.ts";
import type { JsonObject, JsonValue } from "../../src/domain/json.ts";
import { MessagesReader } from "../../src/providers/anthropic/events.ts";
import type { AnswerReader } from "../../src/providers/shared/answer-reader.ts";
import { createCallIds } from "../../src/providers/shared/call-id.ts";
import { ChatReader } from "../../src/providers/shared/chat-reader.ts";
import { readChatUsage } from "../../src/providers/shared/chat-usage.ts";
import { ResponsesReader } from "../../src/providers/shared/responses-reader.ts";
import { chatReader as grokReader } from "../../src/providers/xai/events.ts";
import { decodeEvent, encodeEvent } from "../../src/rpc/encode-event.ts";
import { encodeGeneration } from "../../src/rpc/encode-generation.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTestGateway, STREAM_OPTIONS } from "../support/test-gateway.ts";

const NUMERIC = new Set([
  ScalarType.DOUBLE,
  ScalarType.FLOAT,
  ScalarType.INT32,
  ScalarType.INT64,
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.FIXED32,
  ScalarType.SINT32,
]);

/** Numbers that a message can hold, by message and name; those of standard messages by their message. */
function numbersOf(desc: DescMessage, seen = new Set<DescMessage>()): string[] {
  if (seen.has(desc)) return [];
  seen.add(desc);
  if (desc.typeName.startsWith("google.protobuf.")) return [desc.typeName];
  return desc.fields.flatMap((field: DescField) => {
    const name = `${desc.name}.${field.name}`;
    if (field.scalar !== undefined) return NUMERIC.has(field.scalar) ? [name] : [];
    return field.message === undefined ? [] : numbersOf(field.message, seen);
  });
}

/** Who bounds it: this process counts it, a reader of a provider's answer checks it, or the store does. */
const BOUNDED_BY: Readonly<Record<string, "reader" | "gateway">> = {
  "Annotation.end": "reader",
  "Annotation.first_page": "reader",
  "Annotation.last_page": "reader",
  "Annotation.start": "reader",
  "Attempt.index": "gateway",
  "Attempt.provider_http_status": "gateway",
  "Cost.cache_read_picos": "reader",
  "Cost.cache_write_picos": "reader",
  "Cost.input_picos": "reader",
  "Cost.other_picos": "reader",
  "Cost.output_picos": "reader",
  "Cost.total_picos": "reader",
  "GatewayError.attempts_left_out": "gateway",
  "GatewayError.code": "gateway",
  "JsonDelta.document_index": "gateway",
  "JsonDelta.part_index": "gateway",
  "PartEnd.part_index": "gateway",
  "ReasoningDelta.part_index": "gateway",
  "StreamComplete.first_output_sequence": "gateway",
  "StreamEvent.attempt_index": "gateway",
  "StreamEvent.sequence": "gateway",
  "StreamEvent.writer": "gateway",
  "TextDelta.part_index": "gateway",
  "Timing.character_count": "gateway",
  "Timing.chunk_count": "gateway",
  "Timing.stall_count": "gateway",
  "TokenLogprob.logprob": "reader",
  "ToolCallDelta.part_index": "gateway",
  "TopLogprob.logprob": "reader",
  "Usage.cache_read_tokens": "reader",
  "Usage.cache_write_long_tokens": "reader",
  "Usage.cache_write_tokens": "reader",
  "Usage.confidence": "gateway",
  "Usage.input_tokens": "reader",
  "Usage.output_tokens": "reader",
  "Usage.reasoning_tokens": "reader",
  "Usage.total_tokens": "reader",
  // Of the gateway's own clock, and of the bounded waits that providers ask for.
  "google.protobuf.Duration": "gateway",
  "google.protobuf.Timestamp": "gateway",
  // Provider metadata: what it cannot carry is left out.
  "google.protobuf.Struct": "reader",
};

it("every number of an answer and of a stream's event has an owner that bounds it", () => {
  const names = new Set([...numbersOf(GenerationSchema), ...numbersOf(StreamEventSchema)]);
  expect([...names].sort()).toEqual(Object.keys(BOUNDED_BY).sort());
});

const toError = (): Error => new Error("no error");
const text = "hello";
const newCallId = createCallIds(createManualClock());

/** A whole answer of each dialect, with these counts. */
const DIALECTS: Readonly<
  Record<string, { readonly reader: () => AnswerReader; body(usage: JsonObject): JsonObject }>
> = {
  chat: {
    reader: () =>
      new ChatReader({
        readUsage: readChatUsage,
        toError,
        newCallId,
        providerType: "openai",
      }),
    body: (usage) => ({
      choices: [{ index: 0, message: { content: text }, finish_reason: "stop" }],
      service_tier: usage,
      usage,
    }),
  },
  grok: {
    reader: () => grokReader({ headers: {} } as never, createManualClock()),
    body: (usage) => ({
      choices: [{ index: 0, message: { content: text }, finish_reason: "stop" }],
      usage,
    }),
  },
  responses: {
    reader: () => new ResponsesReader({ toError, newCallId, providerType: "openai" }),
    body: (usage) => ({
      status: "completed",
      output: [{ type: "message", content: [{ type: "output_text", text }] }],
      usage,
    }),
  },
  messages: {
    reader: () => new MessagesReader({ toError, newCallId }),
    body: (usage) => ({
      id: "m",
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      container: usage,
      usage,
    }),
  },
};

const COUNTS = [
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "cost_in_usd_ticks",
];
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  prompt_tokens_details: ["cached_tokens", "cache_write_tokens"],
  completion_tokens_details: ["reasoning_tokens"],
  input_tokens_details: ["cached_tokens", "cache_write_tokens"],
  output_tokens_details: ["reasoning_tokens", "thinking_tokens"],
  cache_creation: ["ephemeral_1h_input_tokens"],
};

const edge = fc.constantFrom(
  0,
  1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  -1,
  Number.MAX_SAFE_INTEGER,
  1e300,
  Number.POSITIVE_INFINITY,
);
/** What JSON can say in the place of a number. */
const said: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: edge },
  { weight: 2, arbitrary: fc.nat() },
  fc.double({ noNaN: true }),
  fc.constantFrom(null, "7", true),
);
const record = (names: readonly string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, said])), { requiredKeys: [] });
const usages: fc.Arbitrary<JsonObject> = fc
  .tuple(
    record(COUNTS),
    fc.record(
      Object.fromEntries(Object.entries(GROUPS).map(([name, fields]) => [name, record(fields)])),
      { requiredKeys: [] },
    ),
  )
  .map(([counts, groups]) => ({ ...counts, ...groups }) as JsonObject);

/** Throws where a codec cannot carry it. */
function encodeAll(desc: DescMessage, message: Message): void {
  toBinary(desc, message);
  toJson(desc, message);
}

describe("whatever numbers a provider reports, its answer can be sent in every codec", () => {
  it.each(Object.entries(DIALECTS))("%s", async (_name, { reader, body }) => {
    await fc.assert(
      fc.asyncProperty(usages, async (usage) => {
        const answer = reader();
        const read = body(usage);
        answer.readBody(read, JSON.stringify(read));
        const set = createTestGateway(answer.events);
        const whole = await set.gateway.generate(set.call);
        if (whole.state !== "generated") throw new Error("it is not stored");
        const message = encodeGeneration(whole.generation, "all");
        encodeAll(GenerationSchema, message);
        expect(message.outputText).toBe(text);
        const options = { ...STREAM_OPTIONS, includeUsage: true, includeUsageUpdates: true };
        const events = await set.collect(await set.gateway.streamGenerate(set.call, options));
        for (const event of events) {
          encodeAll(StreamEventSchema, decodeEvent(encodeEvent(event, 2 ** 32 - 1)));
        }
        expect(events.at(-1)?.body.type).toBe("complete");
      }),
      { numRuns: 150 },
    );
  });
});
