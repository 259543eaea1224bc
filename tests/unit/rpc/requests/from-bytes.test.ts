import { isDeepStrictEqual } from "node:util";
import { create, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readGenerateRequest,
  readResumeStreamRequest,
  readStreamGenerateRequest,
} from "../../../../gen/service/message-readers.ts";
import {
  CancelGenerationRequestSchema,
  GenerateRequestSchema,
  ResumeStreamRequestSchema,
  StreamGenerateRequestSchema,
} from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { fromBytes } from "../../../../src/rpc/requests/from-bytes.ts";
import { WireReader } from "../../../../src/rpc/requests/wire-reader.ts";
import { ANY, contractMessage, USUAL } from "../../../support/arbitrary-contract.ts";
import { SAMPLES } from "../../../support/contract-samples.ts";

const ROOTS: readonly [DescMessage, (reader: WireReader, end: number) => Message][] = [
  [GenerateRequestSchema, readGenerateRequest],
  [StreamGenerateRequestSchema, readStreamGenerateRequest],
  [ResumeStreamRequestSchema, readResumeStreamRequest],
];

/** The message, or that there is an error. */
function outcomeOf(decode: () => Message): unknown {
  try {
    return decode();
  } catch {
    return "an error";
  }
}

function expectSame(schema: DescMessage, bytes: Uint8Array): void {
  const library = outcomeOf(() => fromBinary(schema, bytes));
  const own = outcomeOf(() => fromBytes(schema, bytes));
  expect(isDeepStrictEqual(own, library), Buffer.from(bytes).toString("hex")).toBe(true);
}

/** What can happen to bytes: others in their place, none, or the same twice. */
const change = fc.record({
  at: fc.nat(),
  taken: fc.nat(3),
  put: fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.constantFrom("twice" as const)),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function changed(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  let all = [...bytes];
  for (const { at, taken, put } of changes) {
    const start = all.length === 0 ? 0 : at % all.length;
    const old = all.slice(start, start + taken);
    all = all.toSpliced(start, taken, ...(put === "twice" ? [...old, ...old] : put));
  }
  return Uint8Array.from(all);
}

describe.each(ROOTS)("the generated reader of $typeName", (schema, read) => {
  const samples = SAMPLES.filter(({ message }) => message.$typeName === schema.typeName);

  it("reads every field as the library does, without its help", () => {
    expect(samples.length).toBeGreaterThan(0);
    for (const { message } of samples) {
      const bytes = toBinary(schema, message);
      const own = read(new WireReader(bytes), bytes.length);
      expect(isDeepStrictEqual(own, fromBinary(schema, bytes))).toBe(true);
    }
  });

  it("reads any usual message as the library does, without its help", () => {
    fc.assert(
      fc.property(contractMessage(schema, USUAL), (message) => {
        const bytes = toBinary(schema, message);
        const own = read(new WireReader(bytes), bytes.length);
        expect(isDeepStrictEqual(own, fromBinary(schema, bytes))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("reads any other message as the library does", () => {
    fc.assert(
      fc.property(contractMessage(schema, ANY), (message) =>
        expectSame(schema, toBinary(schema, message)),
      ),
      { numRuns: 200 },
    );
  });

  it("reads changed bytes as the library does, or refuses them as the library does", () => {
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(contractMessage(schema, USUAL, 4), changes, (message, several) =>
        expectSame(schema, changed(toBinary(schema, message), several)),
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("fromBytes", () => {
  it("reads two values of one message as one, as the library does", () => {
    const first = create(GenerateRequestSchema, { spec: { model: "m", sampling: { topK: 1 } } });
    const second = create(GenerateRequestSchema, { spec: { prompt: "p", sampling: { seed: 2 } } });
    const both = [first, second].map((message) => toBinary(GenerateRequestSchema, message));
    const joined = create(GenerateRequestSchema, {
      spec: { model: "m", prompt: "p", sampling: { topK: 1, seed: 2 } },
    });
    expect(fromBytes(GenerateRequestSchema, Buffer.concat(both))).toEqual(joined);
  });

  it("decodes a message without a reader", () => {
    const target = { case: "requestId", value: "r" } as const;
    const message = create(CancelGenerationRequestSchema, { target });
    const bytes = toBinary(CancelGenerationRequestSchema, message);
    expect(fromBytes(CancelGenerationRequestSchema, bytes)).toEqual(message);
  });

  it.each([
    ["a text that is not UTF-8", [0x0a, 1, 0xff]],
    ["a text beyond the end", [0x0a, 5, 0x61]],
    ["a length that is missing", [0x0a]],
    ["a length of 32 bits", [0x0a, 0xfa, 0xff, 0xff, 0xff, 0x0f]],
    ["a length of more than 32 bits", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["a truth value that is missing", [0x20]],
    ["a truth value beyond one", [0x20, 2]],
    ["a number of ten bytes", [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    ["a fixed number that is cut off", [0x1d, 1, 2]],
    ["a field of another type", [0x08, 1]],
    ["a field that the contract does not know", [0x28, 1]],
    ["a group", [0x2b, 0x2c]],
  ])("has the result of the library: %s", (_what, bytes) => {
    expectSame(ResumeStreamRequestSchema, Uint8Array.from(bytes));
  });

  it.each([
    ["a name that objects inherit", { labels: { ["__proto__"]: "x" } }],
    ["such a name in JSON", { providerOptions: { own: JSON.parse('{"__proto__":1}') } }],
    ["a negative number", { sampling: { seed: -1 } }],
  ])("has the result of the library: %s", (_what, spec) => {
    const message = create(GenerateRequestSchema, { spec });
    expectSame(GenerateRequestSchema, toBinary(GenerateRequestSchema, message));
  });

  const within = (tag: number, ...bytes: readonly number[][]) => {
    const all = bytes.flat();
    return [tag, all.length, ...all];
  };
  /** The member `v` of an object of JSON, with these fields as its value. */
  const member = (...fields: number[]) => within(0x0a, within(0x0a, [0x76]), within(0x12, fields));
  /** The option `o` of a spec, with these objects. */
  const option = (...objects: number[][]) =>
    within(0x5a, within(0x0a, [0x6f]), ...objects.map((object) => within(0x12, object)));
  const name = within(0x0a, [0x76]);

  it.each([
    ["a truth value", option(member(0x20, 1))],
    ["null of another number", option(member(0x08, 1))],
    ["a value that is missing", option(within(0x0a, name))],
    ["a value of no kind", option(member())],
    ["a value of no kind before a tool", [...option(member()), ...within(0x1a, [0x0a, 0])]],
    ["a value of two kinds", option(member(0x20, 1, 0x20, 0))],
    ["a value of an unknown kind", option(member(0x38, 1))],
    ["no object", option()],
    ["two objects", option(member(0x20, 1), within(0x0a, within(0x0a, [0x77])))],
    ["two labels in one", within(0x62, name, within(0x12, [0x61]), within(0x12, [0x62]))],
    ["a label without a name", within(0x62, within(0x12, [0x61]))],
  ])("has the result of the library for a map: %s", (_what, spec) => {
    expectSame(GenerateRequestSchema, Uint8Array.from(within(0x12, spec)));
  });
});
