import type { JsonObject } from "../../src/domain/json.ts";

const HEAD_BYTES = 5;
const COMPRESSED = 1;
const END = 2;

/** One enveloped message of the Connect streaming protocol. */
export interface ConnectFrame {
  /** The end of the stream, with its status and trailers. */
  readonly end: boolean;
  readonly compressed: boolean;
  /** Empty if the frame is compressed. */
  readonly message: JsonObject;
}

export function connectFrame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The complete frames. */
export function connectFrames(bytes: Buffer): ConnectFrame[] {
  const frames: ConnectFrame[] = [];
  for (let start = 0; start + HEAD_BYTES <= bytes.length; ) {
    const flags = bytes.readUInt8(start);
    const end = start + HEAD_BYTES + bytes.readUInt32BE(start + 1);
    if (end > bytes.length) break;
    const compressed = (flags & COMPRESSED) !== 0;
    const text = compressed ? "{}" : bytes.toString("utf8", start + HEAD_BYTES, end);
    frames.push({ end: (flags & END) !== 0, compressed, message: JSON.parse(text) as JsonObject });
    start = end;
  }
  return frames;
}
