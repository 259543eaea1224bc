import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { DiscardGuard } from "../../../src/rpc/discard-guard.ts";

type Kind = "output" | "notice" | "discard" | "other";

const OUTPUTS = [
  { case: "textDelta", value: { text: "a" } },
  { case: "reasoningDelta", value: { text: "a" } },
  { case: "toolCallDelta", value: { argumentsFragment: "{" } },
  { case: "jsonDelta", value: { final: true } },
  { case: "partEnd", value: { partIndex: 3 } },
] as const;
const OTHERS = [
  { case: "start", value: { streamId: "s.1" } },
  { case: "usage", value: { final: false } },
  { case: "complete", value: {} },
  { case: "error", value: {} },
  { case: "heartbeat", value: {} },
  { case: undefined },
] as const;

/** What is encoded before an event's own field can be of any length. */
const place = fc.record({
  sequence: fc.constantFrom(1, 127, 128, 2 ** 31 - 1),
  writer: fc.constantFrom(0, 1, 2 ** 32 - 1),
  attemptIndex: fc.constantFrom(0, 1, 300),
  eventTime: fc.constantFrom(undefined, { seconds: 1_800_000_000n, nanos: 999_999_999 }),
  choice: fc.nat(100),
});

type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

function encoded(kind: Kind, { choice, ...common }: Place): Uint8Array {
  const pick = <T>(from: readonly T[]): T => from[choice % from.length] as T;
  const notice = { case: "attemptNotice", value: { discardOutput: kind === "discard" } } as const;
  const event = kind === "output" ? pick(OUTPUTS) : kind === "other" ? pick(OTHERS) : notice;
  return toBinary(StreamEventSchema, create(StreamEventSchema, { ...common, event }));
}

it("field:E26 ends in place of the first notice that voids output which the reader holds, and nowhere else", () => {
  const kinds = fc.constantFrom<Kind>("output", "notice", "discard", "other");
  fc.assert(
    fc.property(fc.array(fc.tuple(kinds, place)), fc.boolean(), (events, holdsOutput) => {
      const guard = new DiscardGuard("s.1", holdsOutput);
      const given: Kind[] = [];
      let thrown: unknown;
      for (const [kind, common] of events) {
        try {
          guard.check(encoded(kind, common));
        } catch (error) {
          thrown = error;
          break;
        }
        given.push(kind);
      }
      const first = events.findIndex(
        ([kind], index) =>
          kind === "discard" &&
          (holdsOutput || events.slice(0, index).some(([before]) => before === "output")),
      );
      expect(given.length).toBe(first < 0 ? events.length : first);
      const notice = events[first]?.[1];
      if (notice === undefined) {
        expect(thrown).toBeUndefined();
        return;
      }
      expect(thrown).toMatchObject({
        kind: "conflict",
        reason: "OUTPUT_DISCARDED",
        metadata: {
          stream_id: "s.1",
          last_sequence: String(notice.sequence),
          last_writer: String(notice.writer),
        },
      });
    }),
  );
});
