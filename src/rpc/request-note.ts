// What a door of another API adds to a stored request. Replicas that do not know of it run the request as it is.
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A field that the messages of requests do not have: readers of the message pass over it. */
const FIELD = 1_000;

/** The request with a note in front, so that the first bytes are enough to read the note. */
export function withNote(request: Uint8Array, note: Uint8Array): Uint8Array {
  const field = new BinaryWriter().tag(FIELD, WireType.LengthDelimited).bytes(note).finish();
  const noted = new Uint8Array(field.length + request.length);
  noted.set(field);
  noted.set(request, field.length);
  return noted;
}

/** The note of a request, or of its first bytes; undefined: there is none, or the bytes do not have all of it. */
export function noteOf(request: Uint8Array): Uint8Array | undefined {
  try {
    const reader = new BinaryReader(request);
    const [field, type] = reader.tag();
    return field === FIELD && type === WireType.LengthDelimited ? reader.bytes() : undefined;
  } catch {
    return undefined;
  }
}
