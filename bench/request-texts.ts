const LENGTH_DELIMITED = 2;
const SPEC = 2;
const MODEL = 1;
const PROMPT = 14;

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function varint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.bytes[reader.at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
}

/** Calls back with the number and the place of each field, all of which must be length-delimited. */
function eachField(
  bytes: Buffer,
  [start, end]: readonly [number, number],
  onField: (number: number, start: number, end: number) => void,
): void {
  const reader = { bytes, at: start };
  while (reader.at < end) {
    const tag = varint(reader);
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error("a request that this floor does not read");
    const length = varint(reader);
    onField(tag >>> 3, reader.at, reader.at + length);
    reader.at += length;
  }
}

/** Model and prompt of an encoded request of Generate or StreamGenerate, read by hand. */
export function requestTexts(bytes: Buffer): { readonly model: string; readonly prompt: string } {
  const texts = { model: "", prompt: "" };
  eachField(bytes, [0, bytes.length], (field, start, end) => {
    if (field !== SPEC) return;
    eachField(bytes, [start, end], (of, from, to) => {
      if (of === MODEL) texts.model = bytes.toString("utf8", from, to);
      else if (of === PROMPT) texts.prompt = bytes.toString("utf8", from, to);
    });
  });
  return texts;
}
