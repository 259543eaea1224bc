import type { StreamEvent } from "../domain/generation.ts";

type Encode = (event: StreamEvent, writer: number) => Uint8Array;

/**
 * Encodes the events of one stored stream, within `maxBytes` in total. Texts that deltas already contain are left out
 * near the bound: above half of it, ends of parts have no text, and a result that would exceed the bound has no
 * message.
 */
export function createStoredEncoder(encode: Encode, maxBytes: number): Encode {
  let used = 0;

  function encodeWithin(event: StreamEvent, writer: number): Uint8Array {
    const bytes = encode(event, writer);
    const { body } = event;
    if (body.type === "part-end" && body.part !== undefined && used + bytes.length > maxBytes / 2) {
      return encode({ ...event, body: { ...body, isShort: true } }, writer);
    }
    if (body.type === "complete" && bytes.length > maxBytes) {
      return encode({ ...event, body: { ...body, message: "omitted" } }, writer);
    }
    return bytes;
  }

  return (event, writer) => {
    const bytes = encodeWithin(event, writer);
    used += bytes.length;
    return bytes;
  };
}
