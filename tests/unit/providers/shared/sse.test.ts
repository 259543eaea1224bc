import { describe, expect, it } from "vitest";
import type { StreamEvent } from "../../../../src/providers/shared/frame-reader.ts";
import { createSseReader, MAX_SSE_EVENT_LENGTH } from "../../../../src/providers/shared/sse.ts";

/** The events of `text` when its bytes come in `pieces`. */
function read(pieces: readonly Uint8Array[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const reader = createSseReader((event) => events.push(event));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return events;
}

const unnamed = (data: string): StreamEvent => ({ name: undefined, data });

describe("createSseReader", () => {
  const cases: [string, string, StreamEvent[]][] = [
    ["line feeds", "data: a\n\ndata: b\n\n", [unnamed("a"), unnamed("b")]],
    ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", [unnamed("a"), unnamed("b")]],
    ["carriage returns", "data: a\r\rdata: b\r\r", [unnamed("a"), unnamed("b")]],
    ["a byte order mark", "\ufeffdata: a\n\n", [unnamed("a")]],
    ["characters of every length", "data: aé€😀\n\n", [unnamed("aé€😀")]],
    ["no space after the colon", "data:[DONE]\n\n", [unnamed("[DONE]")]],
    ["names", "event: error\ndata: {}\n\n", [{ name: "error", data: "{}" }]],
    ["several data lines", "data: a\ndata: b\n\n", [unnamed("a\nb")]],
    ["comments and other fields", ": ping\n\nid: 1\nretry: 5\nfoo: x\ndata: a\n\n", [unnamed("a")]],
    ["events without data", "event: ping\n\ndata:\n\ndata: a\n\n", [unnamed("a")]],
    ["a last event without its blank line", "data: a\n\ndata: b", [unnamed("a"), unnamed("b")]],
    ["a last event without its second line end", "data: a\n", [unnamed("a")]],
    [
      "a field that tells of a failure",
      'data: a\n\nerror: {"code":500}\n\n',
      [unnamed("a"), { name: "error", data: '{"code":500}' }],
    ],
    [
      "the same in the first line, with CRLF, without an end",
      'error:{"code":500}\r\n',
      [{ name: "error", data: '{"code":500}' }],
    ],
    [
      "the JSON of a failure without a field",
      'data: a\r\r{"error":{"a":1}}\r',
      [unnamed("a"), { name: "error", data: '{"error":{"a":1}}' }],
    ],
    [
      "words that only look like it",
      'data: error: {"error":1}\nerr: 1\nerrors: 2\n{"errors":1}\n: error: 2\ndata: b\n\n',
      [unnamed('error: {"error":1}\nb')],
    ],
  ];

  it.each(cases)("reads %s in every split", (_name, text, expected) => {
    const bytes = new TextEncoder().encode(text);
    expect(read([bytes])).toEqual(expected);
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
    for (let at = 1; at < bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]), `split at ${at}`).toEqual(expected);
    }
  });

  it.each([
    ["a line that never ends", `data: ${"x".repeat(1024 * 1024)}`, ""],
    ["an event that never ends", `data: ${"x".repeat(1024 * 1024)}\n`, ""],
  ])("refuses %s", (_name, piece, first) => {
    const reader = createSseReader(() => {});
    const bytes = new TextEncoder().encode(piece);
    reader.push(new TextEncoder().encode(first));
    expect(() => {
      for (let sent = 0; sent <= MAX_SSE_EVENT_LENGTH; sent += 1024 * 1024) reader.push(bytes);
    }).toThrowError(expect.objectContaining({ kind: "protocol" }));
  });

  it("throws what the receiver throws", () => {
    const reader = createSseReader(() => {
      throw new RangeError("no");
    });
    expect(() => reader.push(new TextEncoder().encode("data: a\n\n"))).toThrowError(RangeError);
  });
});
