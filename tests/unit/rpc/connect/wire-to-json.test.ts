import { create, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StreamEvent, StreamEventSchema } from "../../../../gen/service/steer/v1/stream_pb.ts";
import { WireToJson } from "../../../../src/rpc/connect/wire-to-json.ts";
import { decodeEvent, encodeEvent } from "../../../../src/rpc/encode-event.ts";
import { delta } from "../../../support/arbitrary-deltas.ts";
import { eventBodies, eventWith } from "../../../support/arbitrary-events.ts";

const events = new WireToJson(StreamEventSchema);

/** What the library for protobuf writes. */
const expected = (event: StreamEvent): string => JSON.stringify(toJson(StreamEventSchema, event));

const direct = (event: Parameters<typeof create<typeof StreamEventSchema>>[1]) => {
  const message = create(StreamEventSchema, event);
  const json = events.write(toBinary(StreamEventSchema, message));
  return [json?.toString(), expected(message)];
};

describe("the JSON of an encoded message", () => {
  it("is that of the library for every delta of a length that it writes", () => {
    fc.assert(
      fc.property(delta, ({ event, writer }) => {
        const bytes = encodeEvent(event, writer);
        const { sequence, attemptIndex, body } = event;
        const name = body.type === "text-delta" ? "textDelta" : "reasoningDelta";
        const value = { partIndex: body.partIndex, text: body.text.toWellFormed() };
        const message = create(StreamEventSchema, {
          sequence,
          attemptIndex,
          writer,
          event: { case: name, value },
        });
        const json = events.write(bytes);
        if (json === undefined) expect(bytes.length).toBeGreaterThan(2_000);
        else expect(json.toString()).toBe(expected(message));
      }),
      { numRuns: 500 },
    );
  });

  it.each(Object.entries(eventBodies))("is that of the library or none for %s", (_, body) => {
    fc.assert(
      fc.property(eventWith(body), fc.nat(), (event, writer) => {
        const bytes = encodeEvent(event, writer);
        const json = events.write(bytes);
        if (json !== undefined) expect(json.toString()).toBe(expected(decodeEvent(bytes)));
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ["textDelta", { partIndex: 1, text: '"\\\u0000\u001f\u007f\n\t\u2028é😀' }],
    ["textDelta", {}],
    ["reasoningDelta", { text: "because" }],
    ["toolCallDelta", { id: "call_1", name: "f", argumentsFragment: '{"a":"' }],
    ["jsonDelta", { pointer: "/a", change: { case: "append", value: "" }, final: true }],
    ["heartbeat", { undurable: true }],
    ["heartbeat", {}],
    ["partEnd", { partIndex: 2 }],
  ] as const)("is written directly for %s %o", (name, value) => {
    const event = { case: name, value } as StreamEvent["event"];
    const [json, library] = direct({ sequence: 7, attemptIndex: 1, writer: 4_294_967_295, event });
    expect(json).toBe(library);
  });

  it.each([
    ["has a type of its own in JSON", { eventTime: { seconds: 1n } }],
    ["is negative", { sequence: -1 }],
    [
      "is long",
      { event: { case: "textDelta", value: { text: "x".repeat(3_000) } } } as Partial<StreamEvent>,
    ],
    [
      "is a list",
      {
        event: { case: "textDelta", value: { logprobs: [{ token: "a" }] } },
      } as unknown as Partial<StreamEvent>,
    ],
  ])("is left to the library if a value %s", (_, event) => {
    expect(direct(event as never)[0]).toBeUndefined();
  });

  it.each([
    ["the order of the numbers", [16, 1, 8, 1]],
    ["a field twice", [8, 1, 8, 1]],
    ["an unknown field", [0xf8, 0x07, 1]],
    ["another wire type", [10, 0]],
    ["a number without its end", [8, 0x80]],
    ["a text without its end", [90, 3, 18, 5, 97]],
    ["a message beyond its end", [90, 2, 18, 5, 97]],
  ])("is left to the library for bytes with %s broken", (_, bytes) => {
    expect(events.write(Uint8Array.from(bytes))).toBeUndefined();
  });

  it("is right after a message that was left", () => {
    expect(events.write(Uint8Array.from([8, 1, 8, 1]))).toBeUndefined();
    const [json, library] = direct({ sequence: 1 });
    expect(json).toBe(library);
  });
});
