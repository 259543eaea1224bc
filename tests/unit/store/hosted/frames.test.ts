import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FrameReader,
  FrameTooLong,
  FrameWriter,
  MAX_FRAME_BYTES,
  MalformedFrame,
} from "../../../../src/store/hosted/frames.ts";

const content = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  number: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  text: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  amount: fc.double({ noNaN: true }),
  bytes: fc.uint8Array({ maxLength: 5_000, size: "max" }),
});

/** The bytes in parts of these lengths, again and again. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const length = lengths[index % lengths.length] ?? 1;
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

describe("frames", () => {
  it("arrive as they were written, however the socket cuts them", () => {
    fc.assert(
      fc.property(
        fc.array(content, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 }),
        (written, lengths) => {
          const writer = new FrameWriter();
          for (const { kind, number, text, amount, bytes } of written) {
            writer.frame(kind, number, (to) => {
              to.text(text);
              to.number(amount);
              to.u16(bytes.length % 65_536);
              to.bytes(bytes);
            });
          }
          const reader = new FrameReader();
          const read: unknown[] = [];
          for (const part of cut(writer.take(), lengths)) {
            reader.push(part);
            for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
              const [kind, number, text, amount] = [
                frame.u8(),
                frame.u32(),
                frame.text(),
                frame.number(),
              ];
              const size = frame.u16();
              const bytes = Uint8Array.from(frame.view());
              expect(size).toBe(bytes.length % 65_536);
              read.push({ kind, number, text, amount, bytes });
            }
          }
          expect(read).toEqual(written);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keep nothing of one that cannot be written", () => {
    const writer = new FrameWriter();
    writer.frame(1, 1, (to) => to.text("first"));
    const half = (): void =>
      writer.frame(2, 2, (to) => {
        to.text("half of it");
        throw new TypeError("no value");
      });
    expect(half).toThrow(TypeError);
    const long = new Uint8Array(MAX_FRAME_BYTES);
    expect(() => writer.frame(2, 3, (to) => to.bytes(long))).toThrow(FrameTooLong);
    writer.frame(3, 3, (to) => to.text("second"));
    const reader = new FrameReader();
    reader.push(writer.take());
    const numbers = [reader.next(), reader.next()].map((frame) => frame?.u8());
    expect(numbers).toEqual([1, 3]);
    expect(reader.next()).toBeUndefined();
  });

  it("stay as they are in a buffer that is used again", () => {
    const writer = new FrameWriter();
    for (const word of ["one", "two", "three"]) {
      writer.frame(1, 1, (to) => to.text(word));
      const taken = writer.take();
      const reader = new FrameReader();
      reader.push(Buffer.from(taken));
      writer.giveBack(taken);
      const frame = reader.next();
      frame?.u8();
      frame?.u32();
      expect(frame?.text()).toBe(word);
    }
  });

  it("are refused where their length is not possible, before their bytes are kept", () => {
    const reader = new FrameReader();
    const head = Buffer.alloc(4);
    head.writeUInt32LE(MAX_FRAME_BYTES + 1);
    reader.push(head);
    expect(() => reader.next()).toThrow(MalformedFrame);
  });

  it("cannot be read beyond their end", () => {
    const writer = new FrameWriter();
    writer.frame(1, 1, (to) => to.u32(100));
    writer.frame(2, 2, (to) => to.text("of the next frame"));
    const reader = new FrameReader();
    reader.push(writer.take());
    const frame = reader.next();
    frame?.u8();
    frame?.u32();
    expect(() => frame?.view()).toThrow(MalformedFrame);
    expect(() => frame?.number()).toThrow(MalformedFrame);
  });
});
