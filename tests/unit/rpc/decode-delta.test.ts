import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeDelta } from "../../../src/rpc/decode-delta.ts";
import { decodeEvent, encodeEvent } from "../../../src/rpc/encode-event.ts";
import { delta } from "../../support/arbitrary-deltas.ts";

/** What the general decoder makes of the bytes; undefined where they are no event. */
function general(bytes: Uint8Array): unknown {
  try {
    const { sequence, attemptIndex, writer, event } = decodeEvent(bytes);
    if (event.case !== "textDelta" && event.case !== "reasoningDelta") return undefined;
    const { partIndex, text } = event.value;
    const type = event.case === "textDelta" ? "text-delta" : "reasoning-delta";
    return { sequence, writer, attemptIndex, body: { type, partIndex, text } };
  } catch {
    return undefined;
  }
}

/** What is read by hand; undefined where that is left to the general decoder, which throws as well. */
function byHand(bytes: Uint8Array): unknown {
  try {
    return decodeDelta(bytes);
  } catch {
    return undefined;
  }
}

describe("a delta", () => {
  it("is what the general decoder makes of it", () => {
    fc.assert(
      fc.property(delta, ({ event, writer }) => {
        const encoded = encodeEvent(event, writer);
        for (const bytes of [encoded, new Uint8Array(encoded)]) {
          const decoded = decodeDelta(bytes);
          expect(decoded).toStrictEqual(general(bytes));
          expect(decoded).toBeDefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is left to the general decoder where the bytes are others", () => {
    const added = fc.uint8Array({ maxLength: 2 });
    const change = fc.tuple(fc.nat(200), fc.nat(2), added);
    fc.assert(
      fc.property(delta, change, ({ event, writer }, [place, removed, added]) => {
        const encoded = encodeEvent(event, writer);
        const at = place % (encoded.length + 1);
        const rest = encoded.subarray(at + removed);
        const bytes = Buffer.concat([encoded.subarray(0, at), added, rest]);
        const decoded = byHand(bytes);
        if (decoded !== undefined) expect(decoded).toStrictEqual(general(bytes));
      }),
      { numRuns: 2_000 },
    );
  });
});
