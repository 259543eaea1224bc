import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";
import { delta } from "../../support/arbitrary-deltas.ts";

const CASES = { "text-delta": "textDelta", "reasoning-delta": "reasoningDelta" } as const;

it("writes deltas byte for byte as the general encoder does", () => {
  fc.assert(
    fc.property(delta, ({ event: { sequence, attemptIndex, body }, writer }) => {
      const { type, partIndex, text } = body;
      const encoded = encodeEvent({ sequence, attemptIndex, body }, writer);
      const event = { case: CASES[type], value: { partIndex, text } };
      const message = create(StreamEventSchema, { sequence, attemptIndex, writer, event });
      expect(Buffer.from(toBinary(StreamEventSchema, message)).equals(encoded)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
