import fc from "fast-check";
import type { StreamEvent, StreamEventBody } from "../../src/domain/generation.ts";

/** Around every length at which a varint grows, and both ends. */
const natural = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_456, 2 ** 31 - 1),
  fc.nat({ max: 2 ** 31 - 1 }),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constant("\ufeff a mark of the order of bytes"),
  // Lone surrogates.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((units) => String.fromCharCode(...units)),
  fc.integer({ min: 120, max: 40_000 }).map((length) => "é".repeat(length)),
);

type Delta = Extract<StreamEventBody, { type: "text-delta" | "reasoning-delta" }>;

interface WrittenDelta {
  readonly event: StreamEvent & { readonly body: Delta };
  readonly writer: number;
}

/** A delta without a time, of any length, and the writer of its stream. */
export const delta: fc.Arbitrary<WrittenDelta> = fc
  .tuple(
    fc.constantFrom("text-delta", "reasoning-delta"),
    natural,
    natural,
    natural,
    fc.oneof(natural, fc.constant(2 ** 32 - 1)),
    text,
  )
  .map(([type, sequence, attemptIndex, partIndex, writer, said]) => ({
    event: { sequence, attemptIndex, body: { type, partIndex, text: said } },
    writer,
  }));
