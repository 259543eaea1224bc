import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  writeGenerateRequest,
  writeGenerateResponse,
  writeListStreamStatesResponse,
  writeStreamEvent,
  writeStreamGenerateRequest,
} from "../../../gen/service/message-writers.ts";
import {
  type ListStreamStatesResponse,
  ListStreamStatesResponseSchema,
} from "../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import {
  type GenerateRequest,
  GenerateRequestSchema,
  type GenerateResponse,
  GenerateResponseSchema,
  ResumeStreamRequestSchema,
  type StreamGenerateRequest,
  StreamGenerateRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { type StreamEvent, StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { toBytes } from "../../../src/rpc/to-bytes.ts";
import { WireWriter } from "../../../src/rpc/wire-writer.ts";
import { ANY, contractMessage } from "../../support/arbitrary-contract.ts";
import { SAMPLES } from "../../support/contract-samples.ts";

const writer = new WireWriter();
// The writers themselves: `toBytes` would hide an error of theirs behind the library.
const ROOTS: readonly [string, DescMessage, (message: Message) => Uint8Array][] = [
  [
    "requests",
    GenerateRequestSchema,
    (message) => writer.encode(writeGenerateRequest, message as GenerateRequest),
  ],
  [
    "requests of streams",
    StreamGenerateRequestSchema,
    (message) => writer.encode(writeStreamGenerateRequest, message as StreamGenerateRequest),
  ],
  [
    "answers",
    GenerateResponseSchema,
    (message) => writer.encode(writeGenerateResponse, message as GenerateResponse),
  ],
  [
    "events",
    StreamEventSchema,
    (message) => writer.encode(writeStreamEvent, message as StreamEvent),
  ],
  [
    "pages of streams",
    ListStreamStatesResponseSchema,
    (message) => writer.encode(writeListStreamStatesResponse, message as ListStreamStatesResponse),
  ],
];

function expectSame(schema: DescMessage, message: Message, written: Uint8Array): void {
  expect(Buffer.from(toBinary(schema, message)).equals(written)).toBe(true);
}

describe.each(ROOTS)("the generated writer of %s", (_name, schema, write) => {
  const samples = SAMPLES.filter(({ message }) => message.$typeName === schema.typeName);

  it("writes every field as the library does", () => {
    expect(samples.length).toBeGreaterThan(0);
    for (const { message } of samples) expectSame(schema, message, write(message));
  });

  it("writes any message byte for byte as the library does", () => {
    fc.assert(
      fc.property(contractMessage(schema, ANY), (message) =>
        expectSame(schema, message, write(message)),
      ),
      { numRuns: 500 },
    );
  });
});

function outcomeOf(encode: () => Uint8Array): string {
  try {
    return Buffer.from(encode()).toString("hex");
  } catch (error) {
    return (error as Error).message;
  }
}

const answer = (outputText: string): GenerateResponse =>
  create(GenerateResponseSchema, { generation: { outputText } });

it("writes the number of a field in one byte or two", () => {
  const write = (w: WireWriter, tag: number): void => w.bool(tag, true);
  const tags = [15 << 3, 16 << 3, 2_047 << 3];
  const written = tags.map((tag) => writer.encode(write, tag).toString("hex"));
  expect(written).toEqual(["7801", "800101", "f87f01"]);
});

describe("toBytes", () => {
  it("writes a text of any length, and a short one after it", () => {
    for (const text of ["€".repeat(1_000_000), "x".repeat(300_000), "Hi"]) {
      const message = answer(text);
      expectSame(GenerateResponseSchema, message, toBytes(GenerateResponseSchema, message));
    }
  });

  it("encodes a message without a writer", () => {
    const request = create(ResumeStreamRequestSchema, { lastSequence: 7 });
    expectSame(ResumeStreamRequestSchema, request, toBytes(ResumeStreamRequestSchema, request));
  });

  it("returns bytes that a later message does not change", () => {
    const first = toBytes(GenerateResponseSchema, answer("one"));
    const copy = Buffer.from(first);
    toBytes(GenerateResponseSchema, answer("two"));
    expect(copy.equals(first)).toBe(true);
  });

  it.each([
    ["a fraction", { timing: { stallCount: 0.5 } }],
    ["NaN", { timing: { chunkCount: Number.NaN } }],
    ["more than 32 bits", { timing: { characterCount: 2 ** 31 } }],
    ["a number as text", { timing: { stallCount: "1" as unknown as number } }],
    ["more than 64 bits", { createTime: { seconds: 2n ** 63n, nanos: 0 } }],
    ["a hole in JSON", { providerMetadata: { own: { none: undefined as unknown as null } } }],
  ])("has the bytes or the error of the library: %s", (_what, generation) => {
    const message = create(GenerateResponseSchema, { generation });
    const library = outcomeOf(() => toBinary(GenerateResponseSchema, message));
    expect(outcomeOf(() => toBytes(GenerateResponseSchema, message))).toEqual(library);
    // No part of the message is in the next one.
    const next = answer("Hi");
    expectSame(GenerateResponseSchema, next, toBytes(GenerateResponseSchema, next));
  });

  it("refuses an event whose writer has more than 32 bits", () => {
    const event = create(StreamEventSchema, { writer: 2 ** 32 });
    expect(() => toBytes(StreamEventSchema, event)).toThrow("writer");
  });
});
