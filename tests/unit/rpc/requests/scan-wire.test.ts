import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdminService } from "../../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { CallerService } from "../../../../gen/service/steer/admin/v1/callers_pb.ts";
import {
  GenerateRequestSchema,
  GenerationService,
} from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { ModelService } from "../../../../gen/service/steer/v1/model_service_pb.ts";
import { BoundsCompiler } from "../../../../src/rpc/requests/message-bounds.ts";
import { MAX_DEPTH, MAX_FIELDS, scanWire } from "../../../../src/rpc/requests/scan-wire.ts";
import { SAMPLES } from "../../../support/contract-samples.ts";
import { collectionsOf, delimited } from "../../../support/wire-floods.ts";

/** What the contract allows of each list and map of a conversation; 4,096 where it says nothing. */
const OF_SPEC: Readonly<Record<string, number>> = {
  "spec.messages": 4096,
  "spec.messages[0].parts": 1024,
  "spec.messages[0].parts[0].text.annotations": 1024,
  "spec.messages[0].parts[0].text.logprobs": 4096,
  "spec.messages[0].parts[0].text.logprobs[0].top": 20,
  "spec.messages[0].parts[0].tool_result.content": 64,
  "spec.tools": 512,
  "spec.tools[0].provider_tool.config.fields": 4096,
  "spec.tools[0].provider_tool.config.fields.list_value.values": 4096,
  "spec.sampling.stop_sequences": 16,
  "spec.routing.fallbacks": 16,
  "spec.routing.allowed_providers": 32,
  "spec.routing.denied_providers": 32,
  "spec.routing.failover_on": 4096,
  "spec.retry.retry_on": 4096,
  "spec.provider_options": 16,
  "spec.provider_options.fields": 4096,
  "spec.provider_options.fields.list_value.values": 4096,
  "spec.labels": 64,
};

/** Bounds of what callers and groups may use, behind the field of the request. */
function accessBounds(field: string): Readonly<Record<string, number>> {
  const use = { requests: 4, tokens: 4, spend: 8 };
  const paths = [
    ["models", 64],
    ["providers", 64],
    ["limits.narrowed", 32],
    ...["limits.use", "limits.narrowed[0].limits"].flatMap((place) =>
      Object.entries(use).map(([name, most]) => [`${place}.${name}`, most] as const),
    ),
  ] as const;
  return Object.fromEntries(paths.map(([path, most]) => [`${field}.${path}`, most]));
}

const MASK = { "update_mask.paths": 4096 };

const BOUNDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Generate: OF_SPEC,
  StreamGenerate: OF_SPEC,
  CountTokens: OF_SPEC,
  ListModels: { capabilities: 4096 },
  ListStreamStates: { phases: 4096 },
  CleanupStreamStates: { phases: 4096 },
  GetProviderStatus: { providers: 64 },
  GetRetryMetrics: { providers: 64 },
  CreateCaller: accessBounds("caller"),
  UpdateCaller: { ...accessBounds("caller"), ...MASK },
  CreateGroup: accessBounds("group"),
  UpdateGroup: { ...accessBounds("group"), ...MASK },
};

const METHODS = [GenerationService, ModelService, AdminService, CallerService].flatMap(
  ({ methods }) => methods,
);
const compiler = new BoundsCompiler();
const bounds = compiler.of(GenerateRequestSchema);
const SPEC = 2;
const PROVIDER_OPTIONS = 11;
const MALFORMED = { field: "", description: "the bytes are not a message of the contract" };

const scan = (bytes: Uint8Array) => scanWire(bytes, bounds);
const spec = (...fields: Uint8Array[]) => delimited(SPEC, Buffer.concat(fields));
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("field:X3 the lists and maps of every request", () => {
  it("have the bounds of the contract, and none is forgotten", () => {
    const found = METHODS.flatMap(({ name, input }) => {
      const paths = collectionsOf(input).map(({ path }) => [path, BOUNDS[name]?.[path]]);
      return paths.length === 0 ? [] : [[name, Object.fromEntries(paths)]];
    });
    expect(Object.fromEntries(found)).toEqual(BOUNDS);
  });

  it.each(
    METHODS.flatMap(({ name, input }) =>
      collectionsOf(input).flatMap((collection) =>
        (["packed", "apart"] as const).map((encoding) => ({
          name,
          path: collection.path,
          encoding,
          input,
          collection,
        })),
      ),
    ),
  )("$name: $path, $encoding", ({ name, path, encoding, input, collection }) => {
    const most = BOUNDS[name]?.[path] ?? 0;
    const what = collection.field.fieldKind === "map" ? "entries" : "item(s)";
    const refused = {
      field: path,
      description: `must contain no more than ${most} ${what}`,
    };
    expect(scanWire(collection.bytes(most, encoding), compiler.of(input))).toHaveProperty("fields");
    expect(scanWire(collection.bytes(most + 1, encoding), compiler.of(input))).toEqual(refused);
    // What follows is not looked at: nothing of a million elements is built or even counted.
    const flood = collection.bytes(1_000_000, encoding);
    const broken = Buffer.concat([flood, hex("07")]);
    expect(scanWire(broken, compiler.of(input))).toEqual(refused);
  });

  it("are counted anew in each message that holds them", () => {
    const message = (parts: number) => delimited(2, Buffer.concat(Array(parts).fill(hex("1200"))));
    expect(scan(spec(message(1024), message(1024)))).toHaveProperty("fields");
    expect(scan(spec(message(1024), message(1025)))).toMatchObject({
      field: "spec.messages[1].parts",
    });
  });
});

describe("field:X3 all fields together", () => {
  it.each([
    ["a singular message over and over, which would be merged", hex("1200")],
    ["a text over and over, the last of which counts", hex("0a00")],
    ["a number of a list whose lists are many", spec(hex("42 02 2a 00"))],
  ])("are bounded: %s", (_name, one) => {
    const flood = Buffer.concat(Array(MAX_FIELDS + 1).fill(one));
    expect(scan(flood)).toEqual({
      field: expect.any(String),
      description: `the request must have no more than ${MAX_FIELDS} fields in all`,
    });
  });

  it("may be as many as a long conversation has", () => {
    const part = hex("12 04 0a 02 0a 00");
    const message = delimited(2, Buffer.concat([hex("0801"), part, part]));
    expect(scan(spec(...Array(4096).fill(message)))).toHaveProperty("fields");
  });
});

describe("field:X3 nesting", () => {
  /** A value within values: structs or lists of `google.protobuf.Value`. */
  function nested(levels: number, kind: "struct" | "list"): Uint8Array {
    let value: Uint8Array = hex("0800");
    for (let level = 0; level < levels; level++) {
      value =
        kind === "list"
          ? delimited(6, delimited(1, value))
          : delimited(5, delimited(1, Buffer.concat([hex("0a0161"), delimited(2, value)])));
    }
    const struct = delimited(1, Buffer.concat([hex("0a0161"), delimited(2, value)]));
    return spec(delimited(PROVIDER_OPTIONS, Buffer.concat([hex("0a0161"), delimited(2, struct)])));
  }

  it.each(["struct", "list"] as const)("of a %s is bounded where the decoder ends", (kind) => {
    // The request, the spec, the options and the first value come before the first level, which has two messages.
    const deepest = (MAX_DEPTH - 4) / 2;
    expect(scan(nested(deepest, kind))).toHaveProperty("fields");
    expect(() => fromBinary(GenerateRequestSchema, nested(deepest, kind))).not.toThrow();
    for (const levels of [deepest + 1, 1_000]) {
      expect(scan(nested(levels, kind))).toMatchObject({
        field: expect.stringMatching(/^spec\.provider_options\.fields\./),
        description: "must not be nested deeper than 100 messages",
      });
    }
  });

  it("of groups, which the contract does not have, is bounded too", () => {
    const groups = (levels: number) =>
      Buffer.concat([Buffer.alloc(levels, 0x7b), Buffer.alloc(levels, 0x7c)]);
    expect(scan(groups(MAX_DEPTH - 1))).toHaveProperty("fields");
    expect(scan(groups(100_000))).toMatchObject({
      description: "must not be nested deeper than 100 messages",
    });
  });
});

describe("field:X3 fields that the contract does not know", () => {
  const refused = { description: expect.stringContaining("that the contract does not know") };

  it("are taken from newer clients, up to a number and up to their bytes", () => {
    const one = hex("f8 0f 01");
    expect(scan(Buffer.concat(Array(1_024).fill(one)))).toEqual({ fields: 1_024 });
    expect(scan(Buffer.concat(Array(1_025).fill(one)))).toMatchObject(refused);
    expect(scan(delimited(255, new Uint8Array(60_000)))).toEqual({ fields: 1 });
    expect(scan(delimited(255, new Uint8Array(70_000)))).toMatchObject(refused);
  });

  it.each([
    ["in a message of the conversation", (inner: Uint8Array) => spec(delimited(2, inner))],
    ["in an entry of a map", (inner: Uint8Array) => spec(delimited(12, inner))],
  ])("are counted %s", (_name, put) => {
    expect(scan(put(Buffer.concat(Array(1_025).fill(hex("f80f01")))))).toMatchObject(refused);
  });
});

describe("field:X3 the length of a text", () => {
  it.each<[string, Uint8Array, string]>([
    ["of characters", spec(delimited(1, new Uint8Array(1_025))), "spec.model"],
    ["of a map's value", spec(delimited(12, delimited(2, new Uint8Array(1_025)))), "spec.labels"],
    [
      "of a list's",
      spec(delimited(5, delimited(8, new Uint8Array(1_025)))),
      "spec.sampling.stop_sequences[0]",
    ],
  ])("%s is refused where every encoding of it is too long", (_name, bytes, field) => {
    expect(scan(bytes)).toEqual({ field, description: "must be at most 256 characters" });
  });

  it("is left to the validator where it may be short enough", () => {
    expect(scan(spec(delimited(1, new Uint8Array(1_024))))).toHaveProperty("fields");
  });
});

describe("field:X11 bytes that are no message", () => {
  it.each([
    ["a field 0", "00"],
    ["a type that is none", "fe0f"],
    ["the end of a group that has not begun", "fc0f"],
    ["a group without its end", "fb0f 0801"],
    ["a group with another's end", "fb0f 840f"],
    ["a group with a field 0", "fb0f 0000 fc0f"],
    ["a number without its end", "f80f ff"],
    ["a number of eleven bytes", "f80f ffffffffffffffffffff01"],
    ["a tag of six bytes", "808080808001"],
    ["a tag beyond 32 bits", "8880808010 01"],
    ["a length beyond the message", "fa0f 05 61"],
    ["a length beyond 32 bits", "fa0f ffffffff7f"],
    ["a length of 4 GiB", "fa0f ffffffff0f"],
    ["8 bytes that are 7", "f90f 01020304050607"],
    ["4 bytes that are 3", "fd0f 010203"],
  ])("are refused: %s", (_name, bytes) => {
    expect(scan(hex(bytes))).toEqual(MALFORMED);
  });

  it("are told with the field that another type was sent for", () => {
    expect(scan(hex("0801"))).toEqual({ ...MALFORMED, field: "request_id" });
    expect(scan(spec(hex("10 01")))).toEqual({ ...MALFORMED, field: "spec.messages[0]" });
    expect(scan(spec(hex("12 02 12 05")))).toEqual({
      ...MALFORMED,
      field: "spec.messages[0].parts[0]",
    });
  });
});

const inputs = SAMPLES.filter(({ schema }) =>
  METHODS.some(({ input }) => input.typeName === schema.typeName),
);

describe("what the scan admits", () => {
  const own = (typeName: string) => {
    const method = METHODS.find(({ input }) => input.typeName === typeName);
    if (method === undefined) throw new Error(`no method takes ${typeName}`);
    return method.input;
  };

  it.each(inputs)("$name: is what clients send", ({ schema, message }) => {
    const bytes = toBinary(schema, message);
    expect(scanWire(bytes, compiler.of(own(schema.typeName)))).toHaveProperty("fields");
    // A message that is cut anywhere is another one, or none.
    for (let end = 0; end < bytes.length; end++) {
      const cut = bytes.subarray(0, end);
      const verdict = scanWire(cut, compiler.of(own(schema.typeName)));
      if ("fields" in verdict) fromBinary(own(schema.typeName), cut);
    }
  });

  it("the decoder can read, whatever the bytes", () => {
    const samples = inputs.map(({ schema, message }) => ({
      schema: own(schema.typeName),
      bytes: toBinary(schema, message),
    }));
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        edits,
        fc.boolean(),
        ({ schema, bytes }, at, isWhole) => {
          const mutant = isWhole ? Uint8Array.from(bytes) : bytes.slice(0, 40);
          for (const [place, value] of at) mutant[place % Math.max(1, mutant.length)] = value;
          if (!("fields" in scanWire(mutant, compiler.of(schema)))) return;
          try {
            fromBinary(schema, mutant);
          } catch (error) {
            // Texts are the decoder's.
            expect(String(error)).toMatch(/UTF-8|encoded data was not valid/i);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
