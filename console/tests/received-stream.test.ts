import { create } from "@bufbuild/protobuf";
import { type StreamEvent, StreamEventSchema } from "@steer-gateway/stubs/steer/v1/stream_pb.js";
import { describe, expect, it } from "vitest";
import { ReceivedStream } from "../src/views/playground/received-stream.ts";

function event(sequence: number, value: StreamEvent["event"]): StreamEvent {
  return Object.assign(create(StreamEventSchema), { sequence, writer: 7, event: value });
}

const text = (sequence: number, words: string): StreamEvent =>
  create(StreamEventSchema, {
    sequence,
    writer: 7,
    event: { case: "textDelta", value: { partIndex: 0, text: words } },
  });

const patch = (sequence: number, pointer: string, valueJson: string): StreamEvent =>
  create(StreamEventSchema, {
    sequence,
    event: {
      case: "jsonDelta",
      value: { pointer, change: { case: "valueJson", value: valueJson } },
    },
  });

describe("a received stream", () => {
  it("takes each event once, and counts what came twice or never", () => {
    const stream = new ReceivedStream();
    stream.take(text(1, "a"), 0);
    stream.take(text(1, "a"), 1);
    stream.take(text(2, "b"), 2);
    stream.take(text(4, "d"), 3);
    expect(stream.text).toBe("abd");
    expect([stream.repeated, stream.missing, stream.sequence, stream.writer]).toEqual([1, 1, 4, 7]);
  });

  it("drops output that a notice voids, and leaves heartbeats out", () => {
    const stream = new ReceivedStream();
    stream.take(text(1, "void"), 0);
    const notice = create(StreamEventSchema, {
      sequence: 2,
      event: { case: "attemptNotice", value: { discardOutput: true } },
    });
    stream.take(notice, 1);
    stream.take(event(2, { case: "heartbeat", value: {} as never }), 2);
    stream.take(text(3, "valid"), 3);
    expect([stream.text, stream.heartbeats, stream.eventCount]).toEqual(["valid", 1, 3]);
  });

  it("keeps a bounded part of a long output and of many events, and says so", () => {
    const stream = new ReceivedStream();
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      stream.take(text(sequence, "x".repeat(1_000)), sequence);
    }
    expect(stream.text.length).toBeLessThanOrEqual(400_000);
    expect(stream.events.length).toBeLessThanOrEqual(400);
    expect([stream.isClipped, stream.isWhole, stream.eventCount]).toEqual([true, undefined, 1_000]);
  });

  it("fills documents, whose members can have any name", () => {
    const stream = new ReceivedStream();
    stream.take(patch(1, "", "{}"), 0);
    stream.take(patch(2, "/__proto__", `{"polluted": true}`), 0);
    stream.take(patch(3, "/a~1b", "[1]"), 0);
    stream.take(patch(4, "/a~1b/1", "2"), 0);
    stream.take(patch(5, "/no/such/place", "3"), 0);
    expect(JSON.stringify(stream.documents)).toBe(`[{"__proto__":{"polluted":true},"a/b":[1,2]}]`);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
