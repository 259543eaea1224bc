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

  it("refuses a text that is not UTF-8", () => {
    const bytes = Uint8Array.of(0x0a, 1, 0xff);
    expect(() => fromBytes(ResumeStreamRequestSchema, bytes)).toThrow();
  });
});
