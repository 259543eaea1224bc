import fc from "fast-check";
import { expect, it } from "vitest";
import {
  lengthOfVarint,
  packEvents,
  readVarint,
  unpackEvents,
  writeVarint,
} from "../../../src/streams/packed-events.ts";

it.each([
  [0, 1],
  [127, 1],
  [128, 2],
  [16_383, 2],
  [16_384, 3],
  [2 ** 32, 5],
])("a length of %i is %i bytes, and is read as it was written", (value, bytes) => {
  const into = new Uint8Array(12);
  expect(lengthOfVarint(value)).toBe(bytes);
  expect(writeVarint(into, 2, value)).toBe(2 + bytes);
  expect(readVarint(into, 2)).toBe(value);
  expect(into.subarray(2 + bytes).every((byte) => byte === 0)).toBe(true);
});

it("events are what was packed, of any length, and nothing stands around them", () => {
  const events = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(events, (given) => {
      const packed = packEvents(given);
      expect(unpackEvents(packed).map((event) => [...event])).toEqual(
        given.map((event) => [...event]),
      );
      const size = given.reduce((sum, { length }) => sum + length + (length < 128 ? 1 : 2), 0);
      expect(packed.length).toBe(size);
    }),
  );
});

it("views share the packed bytes", () => {
  const packed = packEvents([Uint8Array.of(1, 2)]);
  expect(unpackEvents(packed)[0]?.buffer).toBe(packed.buffer);
});
