import type { DescMessage } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { MessageSchema, TopLogprobSchema } from "../../../../gen/service/steer/v1/content_pb.ts";
import {
  GenerationSpecSchema,
  JsonSchemaFormatSchema,
  SamplingParamsSchema,
} from "../../../../gen/service/steer/v1/generation_pb.ts";
import {
  GenerateRequestSchema,
  ResumeStreamRequestSchema,
} from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import {
  BoundsCompiler,
  FieldBounds,
  MAX_COLLECTIONS,
  MAX_ELEMENTS,
  type MessageBounds,
} from "../../../../src/rpc/requests/message-bounds.ts";

const { LengthDelimited, Varint, Bit64 } = WireType;
const compiler = new BoundsCompiler();
const of = (bounds: MessageBounds, name: string): FieldBounds | undefined =>
  bounds.fields.find((field) => field?.name === name);

describe("the bounds of a field", () => {
  const spec = compiler.of(GenerationSpecSchema);

  it("without a rule are none", () => {
    expect(new FieldBounds({ name: "f", wireType: Varint })).toEqual({
      name: "f",
      wireType: Varint,
      isPackable: false,
      isMap: false,
      counter: -1,
      maxElements: Number.POSITIVE_INFINITY,
      maxBytes: Number.POSITIVE_INFINITY,
      lengthRule: "",
      message: undefined,
    });
  });

  it("of a text count four bytes for each character, or its bytes", () => {
    const at = (schema: DescMessage, name: string) => of(compiler.of(schema), name);
    for (const [field, maxBytes, lengthRule] of [
      [of(spec, "model"), 4 * 256, "must be at most 256 characters"],
      [at(JsonSchemaFormatSchema, "schema"), 1_048_576, "must be at most 1048576 bytes"],
      [at(TopLogprobSchema, "raw_bytes"), 4_096, "must be at most 4096 bytes"],
      [of(spec, "prompt"), Number.POSITIVE_INFINITY, ""],
    ] as const) {
      expect(field).toMatchObject({ wireType: LengthDelimited, counter: -1, maxBytes, lengthRule });
    }
    // Of a list they are those of each element.
    expect(at(SamplingParamsSchema, "stop_sequences")).toMatchObject({
      maxElements: 16,
      maxBytes: 4 * 256,
      lengthRule: "must be at most 256 characters",
    });
  });

  it("of a message are those of its type, compiled once", () => {
    const field = of(compiler.of(GenerateRequestSchema), "spec");
    expect(field).toMatchObject({ wireType: LengthDelimited, counter: -1, lengthRule: "" });
    expect(field?.message).toBe(spec);
    expect(compiler.of(GenerationSpecSchema)).toBe(spec);
  });

  it("of a list count its elements, each list by itself", () => {
    const messages = of(spec, "messages");
    expect(messages).toMatchObject({ wireType: LengthDelimited, isMap: false, isPackable: false });
    expect(messages?.message).toBe(compiler.of(MessageSchema));
    const counters = spec.fields.flatMap((field) =>
      field === undefined || field.counter < 0 ? [] : [field.counter],
    );
    expect(counters.toSorted()).toEqual(counters.map((_, index) => index));
    expect(spec.counters).toBe(counters.length);
    for (const field of spec.fields) {
      if (field === undefined || field.counter < 0) continue;
      expect(field.maxElements).toBeLessThanOrEqual(MAX_ELEMENTS);
      expect(field.maxElements).toBeGreaterThan(0);
    }
  });

  it("of a map are those of its entries", () => {
    const none = { maxBytes: Number.POSITIVE_INFINITY, lengthRule: "" };
    for (const [name, maxElements, keys, values] of [
      ["labels", 64, none, { maxBytes: 4 * 256, lengthRule: "must be at most 256 characters" }],
      [
        "provider_options",
        16,
        { maxBytes: 4 * 64, lengthRule: "must be at most 64 characters" },
        none,
      ],
    ] as const) {
      const map = of(spec, name);
      expect(map).toMatchObject({ wireType: LengthDelimited, isMap: true, isPackable: false });
      expect(map?.maxElements).toBe(maxElements);
      const [hole, key, value] = map?.message?.fields ?? [];
      expect(hole).toBeUndefined();
      const entry = { name: "", wireType: LengthDelimited, counter: -1 };
      expect(key).toMatchObject({ ...entry, ...keys });
      expect(value).toMatchObject({ ...entry, ...values });
      expect(key?.message).toBeUndefined();
      expect(value?.message === undefined).toBe(name === "labels");
    }
  });

  it("know how a single value is encoded", () => {
    const sampling = of(spec, "sampling")?.message;
    const types = sampling?.fields.flatMap((field) =>
      field === undefined ? [] : [[field.name, field.wireType]],
    );
    expect(Object.fromEntries(types ?? [])).toMatchObject({
      max_output_tokens: Varint,
      temperature: Bit64,
      stop_sequences: LengthDelimited,
      deterministic: Varint,
      seed: Varint,
    });
    const resume = compiler.of(ResumeStreamRequestSchema);
    expect(of(resume, "last_sequence")?.wireType).toBe(Varint);
    expect(of(resume, "accepts_discard")?.wireType).toBe(Varint);
  });

  it("let a list of numbers come in one piece, and no other", () => {
    const retryOn = of(of(spec, "retry")?.message as MessageBounds, "retry_on");
    expect(retryOn).toMatchObject({ wireType: Varint, isPackable: true });
    const stops = of(of(spec, "sampling")?.message as MessageBounds, "stop_sequences");
    expect(stops).toMatchObject({ isPackable: false });
    expect(stops?.maxElements).toBeLessThan(MAX_ELEMENTS);
  });

  it("are of no more lists and maps than a scan has counters for", () => {
    const seen = new Set<MessageBounds>();
    const look = (bounds: MessageBounds): void => {
      if (seen.has(bounds)) return;
      seen.add(bounds);
      expect(bounds.counters).toBeLessThanOrEqual(MAX_COLLECTIONS);
      for (const field of bounds.fields) if (field?.message !== undefined) look(field.message);
    };
    look(compiler.of(GenerateRequestSchema));
    expect(seen.size).toBeGreaterThan(20);
  });
});
