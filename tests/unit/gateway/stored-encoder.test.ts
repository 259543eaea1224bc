import { describe, expect, it } from "vitest";
import type { StreamEvent, StreamEventBody } from "../../../src/domain/generation.ts";
import { createStoredEncoder } from "../../../src/gateway/stored-encoder.ts";

/** Encodes events as so many bytes, and tells how they were to be encoded. */
function setUp(maxBytes: number) {
  const asked: unknown[] = [];
  let size = 0;
  const encode = createStoredEncoder((event: StreamEvent, writer) => {
    const { body } = event;
    const how = [body.type, "isShort" in body && body.isShort, "message" in body && body.message];
    asked.push([...how, writer]);
    return new Uint8Array(size);
  }, maxBytes);
  return {
    asked,
    add(bytes: number, body: StreamEventBody): void {
      size = bytes;
      encode({ sequence: 1, attemptIndex: 1, body }, 7);
    },
  };
}

const delta: StreamEventBody = { type: "text-delta", partIndex: 0, text: "x" };
const end: StreamEventBody = { type: "part-end", partIndex: 0, part: { type: "text", text: "x" } };
const bareEnd: StreamEventBody = { type: "part-end", partIndex: 0 };
const complete = {
  type: "complete",
  message: "within-limit",
  firstOutputSequence: 1,
} as StreamEventBody;

describe("the events of a stored stream", () => {
  it("have the text of a part at its end, up to half of the bound", () => {
    const { add, asked } = setUp(100);
    add(40, delta);
    add(10, end);
    expect(asked).toEqual([
      ["text-delta", false, false, 7],
      ["part-end", false, false, 7],
    ]);
    add(1, end);
    expect(asked.slice(2)).toEqual([
      ["part-end", false, false, 7],
      ["part-end", true, false, 7],
    ]);
    add(60, bareEnd);
    add(60, delta);
    expect(asked.slice(4)).toEqual([
      ["part-end", false, false, 7],
      ["text-delta", false, false, 7],
    ]);
  });

  it("have the message in the result, up to the whole of the bound", () => {
    const { add, asked } = setUp(100);
    add(100, complete);
    expect(asked).toEqual([["complete", false, "within-limit", 7]]);
    add(101, complete);
    expect(asked.slice(1)).toEqual([
      ["complete", false, "within-limit", 7],
      ["complete", false, "omitted", 7],
    ]);
  });
});
