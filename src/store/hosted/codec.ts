// The content of frames. Calls in the path of every event have their own codec; the others take V8's serializer.
import v8 from "node:v8";
import type { Frame, FrameWriter } from "./frames.ts";

export interface Codec<T> {
  write(to: FrameWriter, value: T): void;
  /** Bytes of the value may be views of the frame, which live as long as somebody holds them. */
  read(from: Frame): T;
}

/** A call's arguments and its answer. */
export interface CallCodec<Args = readonly unknown[], Value = unknown> {
  readonly args: Codec<Args>;
  readonly answer: Codec<Value>;
}

/**
 * Any value that can be cloned. V8 writes the whole buffer behind an array of bytes, so such an array must be the only
 * one of its buffer: see `whole`. An array that is read has a buffer of its own.
 */
const anyValue: Codec<unknown> = {
  write(to, value) {
    const serializer = new v8.Serializer();
    serializer.writeHeader();
    serializer.writeValue(value);
    to.bytes(serializer.releaseBuffer());
  },
  read(from) {
    const deserializer = new v8.Deserializer(from.view());
    deserializer.readHeader();
    return deserializer.readValue();
  },
};

export const ANY_CALL = { args: anyValue, answer: anyValue } as CallCodec;

/** The bytes in a buffer of their own. */
export function whole(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}
