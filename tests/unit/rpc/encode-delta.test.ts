import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";

const CASES = { "text-delta": "textDelta", "reasoning-delta": "reasoningDelta" } as const;

/** Around every length at which a varint grows, and both ends. */
const natural = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_456, 2 ** 31 - 1),
  fc.nat({ max: 2 ** 31 - 1 }),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  // Lone surrogates.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((units) => String.fromCharCode(...units)),
  fc.integer({ min: 120, max: 40_000 }).map((length) => "é".repeat(length)),
);

it("writes deltas byte for byte as the general encoder does", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("text-delta", "reasoning-delta"),
      natural,
      natural,
      natural,
      fc.oneof(natural, fc.constant(2 ** 32 - 1)),
      text,
      (type, sequence, attemptIndex, partIndex, writer, said) => {
        const body = { type, partIndex, text: said };
        const encoded = encodeEvent({ sequence, attemptIndex, body }, writer);
        const event = { case: CASES[type], value: { partIndex, text: said } };
        const message = create(StreamEventSchema, { sequence, attemptIndex, writer, event });
        expect(Buffer.from(toBinary(StreamEventSchema, message)).equals(encoded)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
